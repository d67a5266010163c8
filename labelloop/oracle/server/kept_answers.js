// An answer that does not reach the server is kept in the browser, and sent once the server answers again.
// The server refuses it if the same person has answered the same text since, or has taken an answer to it back.
// The page says so.

(() => {
  const RETRY_MS = 2000;
  const NEWER = "newer answer";
  const PLACES = "labelloop.answers.";
  // Who has written something else there must not have it done in the name of the next who logs in.
  const AN_ANSWER = /^(POST \/api\/v1\/me\/responses\/bulk|PUT \/api\/v1\/responses\/[\w-]+)$/;

  // What a full browser does not store is kept as long as the page is open.
  const unstored = {};

  function token() {
    return localStorage.getItem("auth._token.local") ?? "";
  }

  // Each person's answers have a place of their own, also in a browser that several people use.
  function place(login) {
    try {
      const { identity } = JSON.parse(atob(login.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
      return identity && PLACES + identity;
    } catch {
      return undefined;
    }
  }

  // What somebody else has written there, or half of it, must not stand in the way of answers.
  function read(storage, place) {
    try {
      return Object(JSON.parse(storage.getItem(place)));
    } catch {
      return {};
    }
  }

  function keptAt(place) {
    const answers = Object.entries(unstored[place] ?? read(localStorage, place));
    const isAnswer = (kept) => Number.isFinite(kept?.given) && AN_ANSWER.test(`${kept.method} ${kept.path}`);
    return Object.fromEntries(answers.filter(([, kept]) => isAnswer(kept)));
  }

  function kept(login) {
    return place(login) ? keptAt(place(login)) : {};
  }

  function keep(answers, login) {
    if (!place(login)) return;
    delete unstored[place(login)];
    try {
      if (Object.keys(answers).length) localStorage.setItem(place(login), JSON.stringify(answers));
      else localStorage.removeItem(place(login));
    } catch {
      unstored[place(login)] = answers;
    }
    tell(login);
  }

  // How many kept answers the server refused, by why. It is told until the person has read it.
  function refused(login) {
    return place(login) ? read(sessionStorage, place(login)) : {};
  }

  function refuse(login, reason) {
    const counts = refused(login);
    sessionStorage.setItem(place(login), JSON.stringify({ ...counts, [reason]: (counts[reason] ?? 0) + 1 }));
  }

  // The requests that send the answers in a request of the page, by what they answer.
  function requests(method, path, body) {
    const items = ({ items, ...answer }, record) => (record ? [{ record_id: record, ...answer }] : items);
    const record = path.match(/\/v1\/records\/([^/]+)\/responses$/)?.[1];
    if (method === "PUT" && /\/v1\/responses\/[^/]+$/.test(path)) return { [path]: { method, path, body } };
    if (method !== "POST" || !(record || /\/v1\/me\/responses\/bulk$/.test(path))) return {};
    return Object.fromEntries(
      items(JSON.parse(body), record).map((item) => [
        item.record_id,
        { method, path: "/api/v1/me/responses/bulk", body: JSON.stringify({ items: [item] }) },
      ]),
    );
  }

  const sentences = (count, one, many) => (count ? [count === 1 ? one : many(count)] : []);

  function tell(login) {
    // While nobody is logged in, whose they are does not matter.
    const all = Object.keys({ ...localStorage, ...unstored }).filter((key) => key.startsWith(PLACES));
    const places = place(login) ? [place(login)] : all;
    const count = places.flatMap((place) => Object.keys(keptAt(place))).length;
    const isFull = places.some((place) => place in unstored);
    const { newer, other } = refused(login);
    const waiting = sentences(count, "1 answer is", (count) => `${count} answers are`).map(
      (answers) =>
        `The server does not take answers. ${answers} kept in this browser ` +
        "and will be sent as soon as it answers again and you are logged in." +
        (isFull ? " Leave this page open until then: this browser has no room to store more." : ""),
    );
    const lost = [
      ...sentences(
        newer,
        "1 kept answer was not used, because you have answered its text again since, or taken your answer back. " +
          "What you did last counts.",
        (count) =>
          `${count} kept answers were not used, because you have answered their texts again since, ` +
          "or taken your answers back. What you did last counts.",
      ),
      ...sentences(
        other,
        "1 kept answer was not used, because its text takes no more answers, or you have taken the answer back.",
        (count) =>
          `${count} kept answers were not used, because their texts take no more answers, ` +
          "or you have taken the answers back.",
      ),
    ];
    show("labelloop-kept", waiting);
    show("labelloop-refused", lost, () => {
      sessionStorage.removeItem(place(login));
      tell(login);
    });
  }

  // One line at the top of the page, which lets clicks through; one that can be closed is below it.
  function show(id, sentences, close) {
    const text = sentences.join(" ");
    const shown = document.getElementById(id);
    if ((shown?.firstChild.data ?? "") === text) return;
    shown?.remove();
    if (!text) return;
    const line = document.createElement("div");
    line.setAttribute("role", "alert");
    line.id = id;
    line.style.cssText =
      `position: fixed; z-index: 9999; ${close ? "bottom" : "top"}: 0; left: 0; right: 0; padding: 12px; ` +
      "text-align: center; pointer-events: none; font: 16px sans-serif; background: #ffe08a; color: #222";
    line.append(text);
    if (close) {
      const button = document.createElement("button");
      button.append("OK");
      button.style.cssText = "pointer-events: auto; margin-left: 12px; padding: 2px 12px; font: inherit";
      button.addEventListener("click", close);
      line.append(button);
    }
    document.body.append(line);
  }

  const { open, send, setRequestHeader } = XMLHttpRequest.prototype;

  XMLHttpRequest.prototype.open = function (method, address, ...rest) {
    this.address = new URL(address, document.baseURI).pathname;
    this.method = method.toUpperCase();
    return open.call(this, method, address, ...rest);
  };

  XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
    if (name.toLowerCase() === "authorization") this.login = value;
    return setRequestHeader.call(this, name, value);
  };

  XMLHttpRequest.prototype.send = function (body) {
    const answers = requests(this.method, this.address, body);
    if (Object.keys(answers).length) {
      // Somebody else may log in before the server answers, or in another tab.
      const login = this.login ?? token();
      const given = Date.now();
      for (const answer of Object.values(answers)) answer.given = given;
      this.addEventListener("loadend", () => {
        const others = Object.entries(kept(login)).filter(([name]) => !(name in answers));
        const isLost = this.status === 0 || this.status === 401 || this.status >= 500;
        keep({ ...Object.fromEntries(others), ...(isLost ? answers : {}) }, login);
      });
    }
    return send.call(this, body);
  };

  // Why the server refused an answer; undefined if it took it.
  async function objection(response) {
    const { detail, items } = await response.json().catch(() => ({}));
    const error = items?.[0]?.error?.detail ?? detail;
    return error === NEWER ? "newer" : response.ok && error === undefined ? undefined : "other";
  }

  async function sendKept() {
    const login = token();
    tell(login);
    const answers = kept(login);
    if (!Object.keys(answers).length) return;
    for (const [name, { method, path, body, given }] of Object.entries(answers)) {
      const response = await fetch(path, {
        method,
        headers: {
          "Authorization": login,
          "Content-Type": "application/json",
          "X-Labelloop-Given-Ms-Ago": Math.max(0, Date.now() - given),
        },
        body,
      });
      if (response.status === 401 || response.status >= 500) return;
      const reason = await objection(response);
      const { [name]: present, ...rest } = kept(login);
      // Another tab may have sent it, or kept a newer one.
      if (present?.given !== given) continue;
      if (reason) refuse(login, reason);
      keep(rest, login);
    }
    location.reload();
  }

  (async () => {
    for (;;) {
      await new Promise((done) => setTimeout(done, RETRY_MS));
      try {
        await sendKept();
      } catch {
        // It still does not answer.
      }
    }
  })();
})();
