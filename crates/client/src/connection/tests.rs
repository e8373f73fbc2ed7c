//! Against a gateway that is played in memory, while time is paused: it moves on when nothing else
//! can. (A socket of the system would let time run away while it is written to.)

use std::sync::Mutex;

use futures::future::BoxFuture;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use sagebell_api_types::{ErrorCode, Frame, ProblemDocument, RequestId, WaitAndJobView};
use sagebell_monitor::job::{Job, JobRecord};
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::Clock as _;
use sagebell_monitor::signal::Signal;
use sagebell_monitor::testing::samples;
use sagebell_system::SystemClock;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::*;

pub(crate) const ARN: &str = "arn:aws:sagemaker:us-east-1:111122223333:training-job/x";
const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn arn() -> JobArn {
    JobArn::parse(ARN).unwrap()
}

pub(crate) fn wait_id() -> WaitId {
    WaitId::parse("w").unwrap()
}

pub(crate) fn view(phase: Phase) -> WaitAndJobView {
    let now = SystemClock.now();
    let job = Job { phase, ..JobRecord::unseen(&arn(), now, now).job };
    WaitAndJobView { wait: samples::wait(&arn(), "w", now).into(), job }
}

/// The gateway's end of a connection.
pub(crate) struct Peer(WebSocketStream<DuplexStream>);

impl Peer {
    /// Both ends of a connection.
    pub(crate) async fn pair() -> (Socket, Self) {
        let (near, far) = tokio::io::duplex(64 * 1_024);
        let far = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
        (socket(near).await, Self(far))
    }

    /// The next request but `ping`. Pings of both kinds are answered meanwhile.
    pub(crate) async fn asked(&mut self) -> Option<(RequestId, WaitRequest)> {
        while let Some(Ok(message)) = self.0.next().await {
            let Message::Text(text) = message else { continue };
            let Frame { request_id, ask } = Frame::parse(text.as_bytes()).unwrap();
            match ask {
                Ask::Wait { request, arn, wait_id } => {
                    assert_eq!((arn.as_str(), wait_id), (ARN, super::tests::wait_id()));
                    return Some((request_id, *request));
                }
                Ask::Ping => self.say(Received::Pong).await,
                Ask::Cancel { .. } => panic!("nobody cancels so"),
            }
        }
        None
    }

    pub(crate) async fn say(&mut self, what: Received) {
        self.0.send(Message::text(what.encoded().unwrap())).await.unwrap();
    }

    /// Answers with this state.
    pub(crate) async fn answer(&mut self, request_id: RequestId, phase: Phase) {
        self.say(Received::Wait { request_id, answer: Box::new(view(phase)) }).await;
    }

    pub(crate) async fn refuse(&mut self, request_id: RequestId, code: ErrorCode) {
        let problem = Box::new(ProblemDocument::new(code, "no".to_owned(), None));
        self.say(Received::Problem { request_id: Some(request_id), problem }).await;
    }

    pub(crate) async fn signal(&mut self, phase: Phase) {
        self.say(Received::Signal(Box::new(signal(phase)))).await;
    }

    /// The close frame of the other side, after what was sent before it.
    pub(crate) async fn goodbye(&mut self) -> Option<CloseCode> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) async fn close(mut self) {
        self.0.close(None).await.unwrap();
        while let Some(Ok(_)) = self.0.next().await {}
    }
}

fn signal(phase: Phase) -> SignalBody {
    SignalBody::new(Signal { wait_id: wait_id(), seq: 1, job: view(phase).job })
}

/// Opens connections to peers, if it may.
pub(crate) struct Doorway {
    may: Box<dyn Fn(usize) -> Result<(), OpenError> + Send + Sync>,
    tries: Mutex<usize>,
    peers: mpsc::UnboundedSender<Peer>,
}

impl Doorway {
    /// `may` is told how many tries there were before.
    pub(crate) fn new(
        may: impl Fn(usize) -> Result<(), OpenError> + Send + Sync + 'static,
    ) -> (std::sync::Arc<Self>, mpsc::UnboundedReceiver<Peer>) {
        let (peers, opened) = mpsc::unbounded_channel();
        let doorway = Self { may: Box::new(may), tries: Mutex::default(), peers };
        (std::sync::Arc::new(doorway), opened)
    }

    pub(crate) fn tries(&self) -> usize {
        *self.tries.lock().unwrap()
    }
}

impl Open for Doorway {
    fn open(&self) -> BoxFuture<'_, Result<Socket, OpenError>> {
        async {
            let tried = self.tries();
            *self.tries.lock().unwrap() += 1;
            (self.may)(tried)?;
            let (socket, peer) = Peer::pair().await;
            self.peers.send(peer).unwrap();
            Ok(socket)
        }
        .boxed()
    }
}

async fn pair() -> (Connection, Peer) {
    let (socket, peer) = Peer::pair().await;
    (Connection::over(socket), peer)
}

fn register(connection: &Connection) -> Answer {
    connection.register(&arn(), &wait_id(), WaitRequest::by_renewals())
}

#[tokio::test(start_paused = true)]
async fn a_registration_is_answered_and_signals_arrive() {
    let (mut connection, mut peer) = pair().await;
    let monitor = async {
        let (id, _) = peer.asked().await.unwrap();
        peer.signal(Phase::Pending).await;
        peer.answer(id, Phase::Running).await;
    };
    let (answer, ()) = tokio::join!(register(&connection), monitor);
    assert_eq!(answer.unwrap().job.phase, Phase::Running);
    assert_eq!(connection.next().await.unwrap().data.job.phase, Phase::Pending);
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_or_says_what_came_instead() {
    let (connection, mut peer) = pair().await;
    let monitor = tokio::spawn(async move { peer.asked().await.map(drop) });
    connection.ping().await.unwrap();
    connection.close().await;
    assert_eq!(monitor.await.unwrap(), None);

    let (connection, mut peer) = pair().await;
    let gateways = r#"{"message": "Internal server error", "connectionId":"x=", "requestId":"y="}"#;
    let gateway = async {
        peer.0.next().await.unwrap().unwrap();
        peer.say(Received::Other(gateways.to_owned())).await;
    };
    let (answer, ()) = tokio::join!(connection.ping(), gateway);
    assert!(matches!(answer, Err(ClientError::Gateway { .. })), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_ping_without_an_answer_ends_the_connection() {
    let (connection, _silent) = pair().await;
    assert!(matches!(connection.ping().await, Err(ClientError::ConnectionLost)));
    assert_eq!(connection.loss(), Loss::Unanswered);
}

#[tokio::test(start_paused = true)]
async fn a_dead_peer_is_noticed_within_a_minute() {
    let (mut connection, _silent) = pair().await;
    let begun = Instant::now();
    assert_eq!(connection.next().await, None);
    assert!(begun.elapsed() < MINUTE, "{:?}", begun.elapsed());
    assert_eq!(connection.loss(), Loss::Dead);
}

/// A peer that takes nothing any more, not even into the buffers of the network.
#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_dead() {
    let (mut connection, _full) = pair().await;
    let label = |number: u32| (format!("{number:0>250}"), "x".repeat(250));
    let labels = (0..40).map(label).collect();
    let request = WaitRequest { labels, ..WaitRequest::by_renewals() };
    for _ in 0..8 {
        let asked = connection.register(&arn(), &wait_id(), request.clone());
        tokio::spawn(asked);
    }
    let begun = Instant::now();
    assert_eq!(connection.next().await, None);
    assert!(begun.elapsed() <= keep_alive::PONG, "{:?}", begun.elapsed());
    assert_eq!(connection.loss(), Loss::Dead);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_keeps_the_connection() {
    let (mut connection, mut peer) = pair().await;
    let monitor = tokio::spawn(async move { peer.asked().await.map(drop) });
    assert!(timeout(120 * MINUTE, connection.next()).await.is_err());
    connection.close().await;
    assert_eq!(monitor.await.unwrap(), None);
}

/// What API Gateway is said to do by some: the ping frames are for nothing.
#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_only_messages_keeps_the_connection() {
    let (near, far) = tokio::io::duplex(64 * 1_024);
    let mut connection = Connection::over(socket(near).await);
    tokio::spawn(answer_messages_only(far));
    assert!(timeout(120 * MINUTE, connection.next()).await.is_err());
}

/// A server without control frames: it reads a client's short masked frames (RFC 6455, section
/// 5.2) by itself.
async fn answer_messages_only(mut far: DuplexStream) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    loop {
        let mut head = [0; 6];
        far.read_exact(&mut head).await.unwrap();
        let mut body = vec![0; usize::from(head[1] & 0x7f)];
        far.read_exact(&mut body).await.unwrap();
        if head[0] & 0x0f != 1 {
            continue;
        }
        let text: Vec<_> = body.iter().zip(head[2..].iter().cycle()).map(|(b, m)| b ^ m).collect();
        assert_eq!(Frame::parse(&text).unwrap().ask, Ask::Ping);
        let answer = Received::Pong.encoded().unwrap();
        far.write_all(&[0x81, answer.len() as u8]).await.unwrap();
        far.write_all(answer.as_bytes()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_gateway_says_itself_fails_what_is_pending_and_no_more() {
    let (connection, mut peer) = pair().await;
    let gateways = r#"{"message": "Internal server error", "connectionId":"x=", "requestId":"y="}"#;
    let monitor = async {
        let (late, _) = peer.asked().await.unwrap();
        peer.say(Received::Other(gateways.to_owned())).await;
        let (id, _) = peer.asked().await.unwrap();
        peer.answer(late, Phase::Pending).await;
        peer.answer(id, Phase::Running).await;
    };
    let waiter = async {
        let failed = register(&connection).await.unwrap_err();
        assert!(matches!(&failed, ClientError::Gateway { said } if said == gateways), "{failed}");
        register(&connection).await.unwrap().job.phase
    };
    let (phase, ()) = tokio::join!(waiter, monitor);
    assert_eq!(phase, Phase::Running, "the late answer is no answer to the second request");
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_another_request_is_dropped() {
    let (connection, mut peer) = pair().await;
    let monitor = async {
        let (id, _) = peer.asked().await.unwrap();
        peer.answer(RequestId::parse("another").unwrap(), Phase::Failed).await;
        peer.refuse(RequestId::parse("third").unwrap(), ErrorCode::NotOwner).await;
        peer.answer(id, Phase::Running).await;
    };
    let (answer, ()) = tokio::join!(register(&connection), monitor);
    assert_eq!(answer.unwrap().job.phase, Phase::Running);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_by_its_code() {
    let (connection, mut peer) = pair().await;
    let monitor = async {
        let (id, _) = peer.asked().await.unwrap();
        peer.refuse(id, ErrorCode::NotOwner).await;
    };
    let (answer, ()) = tokio::join!(register(&connection), monitor);
    assert!(answer.unwrap_err().is_final());
}

#[tokio::test(start_paused = true)]
async fn a_close_during_a_pending_request_fails_it() {
    let (mut connection, mut peer) = pair().await;
    let monitor = async {
        peer.asked().await.unwrap();
        peer.close().await;
    };
    let (answer, ()) = tokio::join!(register(&connection), monitor);
    assert!(matches!(answer, Err(ClientError::ConnectionLost)));
    assert_eq!(connection.next().await, None);
    assert!(matches!(connection.loss(), Loss::Closed(_)));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_answered_in_time_ends_the_connection() {
    let (mut connection, mut peer) = pair().await;
    let monitor = async {
        peer.asked().await.unwrap();
        // It lives, and answers nothing.
        assert!(peer.asked().await.is_none());
    };
    let (answer, ()) = tokio::join!(register(&connection), monitor);
    assert!(matches!(answer, Err(ClientError::ConnectionLost)));
    assert_eq!(connection.next().await, None);
    assert_eq!(connection.loss(), Loss::Unanswered);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dropped_or_closed_says_goodbye() {
    let (connection, mut peer) = pair().await;
    drop(connection);
    assert_eq!(peer.goodbye().await, Some(CloseCode::Normal));
    let (connection, mut peer) = pair().await;
    let (code, ()) = tokio::join!(peer.goodbye(), connection.close());
    assert_eq!(code, Some(CloseCode::Normal));
    // The other side may be gone.
    let (connection, _silent) = pair().await;
    let begun = Instant::now();
    connection.close().await;
    assert!(begun.elapsed() <= CLOSE * 2);
}

#[tokio::test(start_paused = true)]
async fn signals_that_nobody_reads_end_the_connection_and_not_the_memory() {
    let (mut connection, mut peer) = pair().await;
    let flood = async {
        for _ in 0..=UNREAD {
            peer.signal(Phase::Running).await;
        }
        assert_eq!(peer.goodbye().await, None);
    };
    flood.await;
    for _ in 0..UNREAD {
        assert!(connection.next().await.is_some());
    }
    assert_eq!(connection.next().await, None);
    assert_eq!(connection.loss(), Loss::Unread);
}

#[tokio::test(start_paused = true)]
async fn a_message_without_end_ends_the_connection() {
    let (mut connection, mut peer) = pair().await;
    let long = Received::Other("x".repeat(LARGEST + 1));
    tokio::spawn(async move { peer.0.send(Message::text(long.encoded().unwrap())).await });
    assert_eq!(connection.next().await, None);
    assert!(matches!(connection.loss(), Loss::Broke(_)));
}
