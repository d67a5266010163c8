// The queue of a person who labels: texts come one by one, so that nobody gets what another person has on screen;
// how many are left is told; the next batch is shown once it is there. Who opens a data set for which another one
// stands in comes to that one, also from the home page, which asks the server for no page.

(() => {
  const UNFILTERED = ["page", "sort", "status"];
  const ACTIVE_MS = 120_000;
  const RENEW_MS = 30_000;
  const LOOK_MS = 2000;
  const PATIENCE_MS = 30_000;

  let asked = 1;
  let queue;
  let isSeenEmpty = false;
  let lastInput = Date.now();
  let lastRenewal = Date.now();

  // The data set whose queue is on screen, if it is one that no search or filter changes.
  function queueOnScreen() {
    const dataset = location.pathname.match(/^\/dataset\/([^/]+)\/annotation-mode/)?.[1];
    const parameters = new URLSearchParams(location.search);
    const isQueue =
      [...parameters.keys()].every((name) => UNFILTERED.includes(name)) &&
      (parameters.get("status") ?? "pending") === "pending";
    return isQueue ? dataset : undefined;
  }

  function isBulk() {
    return (new URLSearchParams(location.search).get("page") ?? "").includes("~");
  }

  // The list of texts is asked for before its address is shown.
  let switchesTo;
  addEventListener(
    "click",
    (event) => (switchesTo = event.target.closest("[aria-label^='Switch to']")?.getAttribute("aria-label")),
    { capture: true },
  );

  function isList() {
    return switchesTo ? switchesTo.includes("Bulk") : isBulk();
  }

  function waiting(dataset, screen, limit, more = {}) {
    const pending = (entity) => ({ type: "terms", scope: { entity, property: "status" }, values: ["pending"] });
    return fetch(`/api/v1/me/datasets/${dataset}/records/search?limit=${limit}`, {
      method: "POST",
      headers: {
        "Authorization": localStorage.getItem("auth._token.local"),
        "Content-Type": "application/json",
        "X-Labelloop-Screen": screen,
      },
      body: JSON.stringify({ query: {}, filters: { and: [pending("response"), pending("record")] } }),
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...more,
    });
  }

  // Whether this asks for the texts that wait for an answer, and for no others. The page's address changes later.
  function isPlain(body) {
    const { query, filters } = JSON.parse(body);
    const isOfStatus = ({ scope, values }) => scope.property === "status" && values?.[0] === "pending";
    return !query?.text && !query?.vector && filters?.and?.length === 2 && filters.and.every(isOfStatus);
  }

  const { open, send, setRequestHeader } = XMLHttpRequest.prototype;

  XMLHttpRequest.prototype.open = function (method, address, ...rest) {
    const url = new URL(address, document.baseURI);
    this.answers = /\/v1\/(records\/[^/]+|me)\/responses(\/bulk)?$/.test(url.pathname);
    this.queueOf = url.pathname.match(/\/v1\/me\/datasets\/([^/]+)\/records\/search$/)?.[1];
    this.opened = { method, url, rest, headers: [] };
    return open.call(this, method, address, ...rest);
  };

  XMLHttpRequest.prototype.setRequestHeader = function (...header) {
    this.opened.headers.push(header);
    return setRequestHeader.apply(this, header);
  };

  XMLHttpRequest.prototype.send = function (body) {
    if (this.queueOf && isPlain(body)) {
      const { method, url, rest, headers } = this.opened;
      queue = this.queueOf;
      asked = isList() ? Number(url.searchParams.get("limit") ?? 10) : 1;
      url.searchParams.set("limit", asked);
      open.call(this, method, url.href, ...rest);
      for (const header of [...headers, ["X-Labelloop-Screen", "queue"]]) setRequestHeader.apply(this, header);
      this.addEventListener("load", () => tellLeft(JSON.parse(this.responseText).total));
    }
    if (this.answers) this.addEventListener("load", renew);
    return send.call(this, body);
  };

  // Argilla's own counter adds the texts answered since the page was opened to those that there were at first.
  const style = document.createElement("style");
  style.textContent =
    ".of-queue .pagination__info > * { display: none } .of-queue .pagination__info::after { content: var(--left) }";
  document.head.append(style);

  function tellLeft(total) {
    document.documentElement.classList.add("of-queue");
    document.documentElement.style.setProperty("--left", `"${Number(total)} left"`);
  }

  async function renew() {
    const dataset = queue;
    lastRenewal = Date.now();
    const answer = dataset && (await waiting(dataset, "queue", asked));
    if (answer?.ok && queue === dataset) tellLeft((await answer.json()).total);
  }

  function leave() {
    if (queue) waiting(queue, "left", 1, { keepalive: true });
    queue = undefined;
  }

  for (const event of ["keydown", "pointerdown", "pointermove", "wheel"]) {
    addEventListener(event, () => (lastInput = Date.now()), { capture: true, passive: true });
  }
  addEventListener("pagehide", leave);

  // A page that was open when the labels changed stays: its answers count.
  const { pushState } = history;
  history.pushState = function (...to) {
    const before = location.pathname;
    const result = pushState.apply(this, to);
    if (location.pathname !== before) goOn(location.href);
    return result;
  };

  async function goOn(address) {
    if (!/^\/dataset\/[^/]+\/annotation-mode/.test(location.pathname)) return;
    const page = await fetch(address, { method: "HEAD" }).catch(() => undefined);
    if (page?.redirected && location.pathname === new URL(address).pathname) location.replace(page.url);
  }

  async function look() {
    const dataset = queueOnScreen();
    if (queue && dataset !== queue) leave();
    document.documentElement.classList.toggle("of-queue", queue !== undefined);
    if (!dataset) return;
    if (isBulk() && asked === 1) location.reload();
    const isEmpty = () => queueOnScreen() === dataset && document.querySelector(".wrapper--empty");
    const isActive = Date.now() - lastInput < ACTIVE_MS;
    const wasEmpty = isSeenEmpty;
    isSeenEmpty = Boolean(isEmpty());
    if (isSeenEmpty) {
      // The page is empty for a moment also while it loads a text.
      if (!wasEmpty) return;
      const answer = await waiting(dataset, "queue", 1);
      if (answer.ok && (await answer.json()).total > 0 && isEmpty()) {
        const parameters = new URLSearchParams(location.search);
        parameters.delete("page");
        queue = undefined;
        location.search = parameters;
      }
    } else if (queue && isActive && Date.now() - lastRenewal > RENEW_MS) {
      await renew();
    }
  }

  // One look at a time: a server that is slow would only be slower with more of them.
  let isLooking = false;
  setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    await look().catch(() => {});
    isLooking = false;
  }, LOOK_MS);
})();
