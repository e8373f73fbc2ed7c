//! A scripted HTTP server: it records every request and answers as told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderName};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Which connection, from 0.
    pub(crate) connection: usize,
    /// Which request on that connection, from 0.
    pub(crate) nth: usize,
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What to do with a request.
pub(crate) enum Answer {
    /// This, and wait for the next request.
    Write(&'static str),
    /// This, and close.
    WriteAndClose(&'static str),
    /// Close without a word.
    Close,
    /// Say nothing, ever.
    Hang,
    /// This, and bytes without end.
    Flood(&'static str),
}

pub(crate) const NO_CONTENT: Answer = Answer::Write("HTTP/1.1 204 No Content\r\n\r\n");

type Script = dyn Fn(&Seen) -> Answer + Send + Sync;

pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Bytes that a flood could get rid of before its connection was closed.
    pub(crate) flooded: watch::Receiver<Option<usize>>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (flood, flooded) = watch::channel(None);
        let mut tasks = JoinSet::new();
        let (script, log): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&seen));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let (script, log) = (Arc::clone(&script), Arc::clone(&log));
                connections.spawn(serve(stream, connection, script, log, flood.clone()));
            }
        });
        Self { addr, seen, flooded, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/callback", self.addr)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    stream: TcpStream,
    connection: usize,
    script: Arc<Script>,
    log: Arc<Mutex<Vec<Seen>>>,
    flood: watch::Sender<Option<usize>>,
) {
    let mut stream = BufReader::new(stream);
    for nth in 0.. {
        let Some(seen) = request(&mut stream, connection, nth).await else {
            return;
        };
        let answer = script(&seen);
        log.lock().unwrap().push(seen);
        match answer {
            Answer::Write(text) => stream.write_all(text.as_bytes()).await.unwrap(),
            Answer::WriteAndClose(text) => return stream.write_all(text.as_bytes()).await.unwrap(),
            Answer::Close => return,
            Answer::Hang => std::future::pending().await,
            Answer::Flood(text) => {
                stream.write_all(text.as_bytes()).await.unwrap();
                let mut written = 0;
                while let Ok(count) = stream.write(&[b'x'; 4096]).await {
                    written += count;
                }
                flood.send(Some(written)).unwrap();
                return;
            }
        }
    }
}

async fn request(stream: &mut BufReader<TcpStream>, connection: usize, nth: usize) -> Option<Seen> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut headers = HeaderMap::new();
    for (name, value) in lines.iter().skip(1).filter_map(|line| line.split_once(": ")) {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, value.parse().unwrap());
    }
    let length = headers["content-length"].to_str().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen { connection, nth, line: lines.swap_remove(0), headers, body })
}
