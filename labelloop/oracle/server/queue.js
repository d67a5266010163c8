// The queue of a person who labels: texts come one by one, so that nobody gets what another person has on screen;
// how many are left is told; the next batch is shown once it is there.

(() => {
  const UNFILTERED = ["page", "sort", "status"];
  const ACTIVE_MS = 120_000;
  const RENEW_MS = 30_000;
  const LOOK_MS = 2000;

  let asked = 1;
  let queue;
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

  // On the way from another page, the address is still that page's.
  function isOpening() {
    return !/\/annotation-mode/.test(location.pathname);
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
      ...more,
    });
  }

  function isPlain(body) {
    const { query, filters } = JSON.parse(body);
    const isOfStatus = (part) => part.scope.property === "status" && part.values[0] === "pending";
    return !query?.text && !query?.vector && (filters?.and ?? []).every(isOfStatus);
  }

  const { open, send } = XMLHttpRequest.prototype;

  XMLHttpRequest.prototype.open = function (method, address, ...rest) {
    const url = new URL(address, document.baseURI);
    this.answers = /\/v1\/(records\/[^/]+|me)\/responses(\/bulk)?$/.test(url.pathname);
    const dataset = url.pathname.match(/\/v1\/me\/datasets\/([^/]+)\/records\/search$/)?.[1];
    if (dataset && (isOpening() || queueOnScreen() === dataset)) {
      asked = isList() ? Number(url.searchParams.get("limit") ?? 10) : 1;
      url.searchParams.set("limit", asked);
      this.queueOf = dataset;
      return open.call(this, method, url.href, ...rest);
    }
    return open.call(this, method, address, ...rest);
  };

  XMLHttpRequest.prototype.send = function (body) {
    if (this.queueOf && isPlain(body)) {
      queue = this.queueOf;
      this.setRequestHeader("X-Labelloop-Screen", "queue");
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

  setInterval(async () => {
    const dataset = queueOnScreen();
    if (queue && dataset !== queue) leave();
    document.documentElement.classList.toggle("of-queue", queue !== undefined);
    if (!dataset) return;
    if (isBulk() && asked === 1) location.reload();
    const isEmpty = () => queueOnScreen() === dataset && document.querySelector(".wrapper--empty");
    const isActive = Date.now() - lastInput < ACTIVE_MS;
    if (isEmpty()) {
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
  }, LOOK_MS);
})();
