// Keeps the page up to date and searches as one types. The page works without it.
(() => {
  "use strict";
  const HIDDEN_SECONDS = 60;
  const LONGEST_PAUSE_SECONDS = 60;
  const TYPING_MILLIS = 250;
  const NOTICE_MILLIS = 15_000;
  const main = document.getElementById("main");
  const live = document.getElementById("live");
  let version = null;
  let failures = 0;
  let timer = 0;
  let typing = 0;
  let asking = null;

  // As `times.rs` says them.
  const two = (number) => String(number).padStart(2, "0");
  const lasted = (seconds) => {
    const [minutes, hours, days] = [60, 3600, 86400].map((unit) => Math.floor(seconds / unit));
    if (days) return `${days}d ${two(hours % 24)}h`;
    if (hours) return `${hours}h ${two(minutes % 60)}m`;
    return minutes ? `${minutes}m ${two(seconds % 60)}s` : `${seconds}s`;
  };
  const ago = (seconds) => {
    const [minutes, hours, days] = [60, 3600, 86400].map((unit) => Math.floor(seconds / unit));
    if (days) return `${days} d ago`;
    if (hours) return `${hours} h ago`;
    return minutes ? `${minutes} min ago` : "just now";
  };
  const since = (text) => Math.max(0, Math.floor((Date.now() - Date.parse(text)) / 1000));
  const say = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };
  const tick = () => {
    for (const time of document.querySelectorAll("time.ago")) say(time, ago(since(time.dateTime)));
    for (const span of document.querySelectorAll(".since")) say(span, lasted(since(span.dataset.since)));
  };

  // Only what differs is changed: focus, selection and what is open stay.
  const show = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    document.title = page.title;
    Idiomorph.morph(main, page.getElementById("main"), {
      ignoreActiveValue: true,
      callbacks: {
        beforeAttributeUpdated: (name, element) => !(name === "open" && element.matches("details, dialog")),
      },
    });
    tick();
  };

  const report = (trouble) => {
    live.classList.toggle("trouble", Boolean(trouble));
    say(live, trouble || "Live");
  };

  const ask = async () => {
    asking?.abort();
    const asked = (asking = new AbortController());
    try {
      const headers = version ? { "If-None-Match": version } : {};
      const options = { headers, cache: "no-store", signal: asked.signal, redirect: "error" };
      const answer = await fetch(location.href, options);
      if (answer.status !== 304) {
        if (!answer.ok) throw new Error(`the monitor answered ${answer.status}`);
        show(await answer.text());
        version = answer.headers.get("ETag");
      }
      failures = 0;
      report("");
    } catch (error) {
      if (asked.signal.aborted) return;
      failures += 1;
      report(error instanceof TypeError ? "Not up to date: no connection" : `Not up to date: ${error.message}`);
    }
    if (asked === asking) wait();
  };

  const wait = () => {
    clearTimeout(timer);
    const pace = Number(main.dataset.every);
    if (!pace) return;
    const calm = document.hidden ? HIDDEN_SECONDS : pace;
    timer = setTimeout(ask, 1000 * Math.min(calm * 2 ** failures, Math.max(calm, LONGEST_PAUSE_SECONDS)));
  };

  const search = (form) => {
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) asked.append(name, value);
    history.replaceState(null, "", asked.size ? `./?${asked}` : "./");
    version = null;
    ask();
  };

  document.addEventListener("input", (event) => {
    if (event.target.id !== "q") return;
    clearTimeout(typing);
    typing = setTimeout(() => search(event.target.form), TYPING_MILLIS);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("role") === "search") {
      event.preventDefault();
      clearTimeout(typing);
      search(form);
      return;
    }
    // A second click sends nothing. Its value is needed until the form is sent.
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  document.addEventListener("visibilitychange", () => {
    // A page that says what went wrong is not kept up to date.
    if (main.dataset.every) document.hidden ? wait() : ask();
  });
  // A page that comes back from the browser's memory may send its forms again.
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  // What was done is told until it can have been read, and not again.
  const here = new URL(location.href);
  if (here.searchParams.has("done")) {
    setTimeout(() => {
      here.searchParams.delete("done");
      history.replaceState(null, "", here);
      ask();
    }, NOTICE_MILLIS);
  }
  if (main.dataset.every) {
    report("");
    wait();
  }
  setInterval(tick, 1000);
})();
