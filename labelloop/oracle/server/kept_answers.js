// An answer that does not reach the server is kept in the browser, and sent once the server answers again.

(() => {
  const RETRY_MS = 2000;

  function token() {
    return localStorage.getItem("auth._token.local") ?? "";
  }

  // Each person's answers have a place of their own, also in a browser that several people use.
  function place(login) {
    try {
      const { identity } = JSON.parse(atob(login.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
      return identity && `labelloop.answers.${identity}`;
    } catch {
      return undefined;
    }
  }

  function kept(login) {
    return JSON.parse((place(login) && localStorage.getItem(place(login))) || "{}");
  }

  function keep(answers, login) {
    if (!place(login)) return;
    if (Object.keys(answers).length) localStorage.setItem(place(login), JSON.stringify(answers));
    else localStorage.removeItem(place(login));
    tell(Object.keys(answers).length);
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

  let banner;

  function tell(count) {
    banner?.remove();
    banner = undefined;
    if (!count) return;
    banner = document.createElement("div");
    banner.setAttribute("role", "alert");
    banner.id = "labelloop-kept";
    banner.style.cssText =
      "position: fixed; z-index: 9999; top: 0; left: 0; right: 0; padding: 12px; text-align: center; " +
      "pointer-events: none; " +
      "font: 16px sans-serif; background: #ffe08a; color: #222";
    banner.textContent =
      `The server does not take answers. ${count === 1 ? "1 answer is" : `${count} answers are`} kept in this browser ` +
      "and will be sent as soon as it answers again and you are logged in.";
    document.body.append(banner);
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
      this.addEventListener("loadend", () => {
        const others = Object.entries(kept(login)).filter(([name]) => !(name in answers));
        const isLost = this.status === 0 || this.status === 401 || this.status >= 500;
        keep({ ...Object.fromEntries(others), ...(isLost ? answers : {}) }, login);
      });
    }
    return send.call(this, body);
  };

  async function sendKept() {
    const login = token();
    const answers = kept(login);
    if (!Object.keys(answers).length) return;
    tell(Object.keys(answers).length);
    for (const [name, { method, path, body }] of Object.entries(answers)) {
      const headers = { "Authorization": login, "Content-Type": "application/json" };
      const { status } = await fetch(path, { method, headers, body });
      if (status === 401 || status >= 500) return;
      const { [name]: sent, ...rest } = kept(login);
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
