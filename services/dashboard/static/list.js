// A long list, newest first, that grows as it is scrolled and follows what happens. Each part of it holds the rows
// between two places, so what comes or goes changes its part alone; rows are known by their ids.
import {Idiomorph} from "./vendor/idiomorph-0.8.0/idiomorph.esm.js";

const NEAR = {rootMargin: "1200px"};
const LATER = 2000;
const ROW = 58;

/** `ask`: gives the page at an address, or null. `callbacks`: what a change leaves alone. */
export class List {
  #ask;
  #callbacks;
  #stale = new Set();
  #near = new Set();
  #turn = Promise.resolve();
  #parts = document.getElementById("parts");
  #more = document.getElementById("more");
  #parting = new IntersectionObserver((entries) => this.#sees(entries), NEAR);
  #growing = new IntersectionObserver((entries) => entries.some((each) => each.isIntersecting) && this.#inTurn(() => this.#grow()), NEAR);

  constructor(ask, callbacks) {
    this.#ask = ask;
    this.#callbacks = callbacks;
    this.#parting.observe(this.#parts.firstElementChild);
    this.#growing.observe(this.#more);
  }

  /** Where the page is whose list has the rows of the first part, as they are now. */
  get address() {
    return between(this.#parts.firstElementChild.dataset);
  }

  /** Show what that page says. Parts that nobody sees are asked for when they come into sight. */
  follow(page) {
    return this.#inTurn(async () => {
      const [first, ...others] = this.#parts.children;
      for (const part of others) this.#stale.add(part);
      await this.#renew(first, page);
      for (const part of others) if (this.#near.has(part)) await this.#renew(part);
    });
  }

  #inTurn(work) {
    this.#turn = this.#turn.then(work, work);
    return this.#turn;
  }

  #sees(entries) {
    for (const {target, isIntersecting} of entries) {
      if (isIntersecting) this.#near.add(target);
      else this.#near.delete(target);
      if (isIntersecting && this.#stale.has(target)) this.#inTurn(() => this.#stale.has(target) && this.#renew(target));
    }
  }

  async #grow() {
    const page = await this.#ask(this.#more.getAttribute("href"));
    if (page) {
      this.#add(page.getElementById("texts"), this.#parts.lastElementChild);
      this.#offer(page);
    }
    // If its link is in sight still, the list goes on growing.
    this.#growing.unobserve(this.#more);
    setTimeout(() => this.#growing.observe(this.#more), page ? 0 : LATER);
  }

  /** Show a part as it is now; as several, if too many rows came for one. `page`: its beginning. */
  async #renew(part, page) {
    const {until} = part.dataset, pages = [page ?? await this.#ask(between(part.dataset))];
    for (;;) {
      const piece = pages.at(-1)?.getElementById("texts");
      if (!piece) return;
      if (!until || piece.dataset.until === until || !piece.children.length) break;
      pages.push(await this.#ask(between({after: piece.dataset.until, until})));
    }
    this.#stale.delete(part);
    const [first, ...others] = pages.map((each) => each.getElementById("texts"));
    this.#inSight(() => {
      let last = part;
      for (const piece of others) last = this.#add(piece, last);
      Object.assign(part.dataset, {after: first.dataset.after, until: first.dataset.until});
      this.#fill(part, first);
      if (last === this.#parts.lastElementChild) this.#offer(pages.at(-1));
    });
  }

  /** Add a part after another. Rows that are on the page already move into it. */
  #add(piece, before) {
    const part = piece.cloneNode(false);
    part.removeAttribute("id");
    for (const row of piece.children) {
      const shown = document.getElementById(row.id);
      if (shown) part.append(shown);
    }
    before.after(part);
    this.#fill(part, piece);
    this.#parting.observe(part);
    return part;
  }

  #fill(part, piece) {
    // As high as that is a part that nobody has seen yet: with thousands of rows, each would cost every frame.
    part.style.containIntrinsicBlockSize = `auto ${piece.children.length * ROW}px`;
    Idiomorph.morph(part, [...piece.children], {morphStyle: "innerHTML", callbacks: this.#callbacks});
  }

  /** Whether there is more, and where, as the page says that has the last part. */
  #offer(page) {
    const more = page.getElementById("more");
    this.#more.setAttribute("href", more.getAttribute("href"));
    this.#more.parentElement.hidden = more.parentElement.hidden;
  }

  /** Make a change of which the reader's place on the page knows nothing. */
  #inSight(change) {
    const rows = [...this.#near].flatMap((part) => [...part.children]).map((row) => [row, row.getBoundingClientRect()]);
    const seen = scrollY ? rows.filter(([, {top, bottom}]) => bottom > 0 && top < innerHeight) : [];
    const root = document.documentElement;
    root.classList.add("changing");
    change();
    const kept = seen.find(([row]) => row.isConnected);
    if (kept) scrollBy({top: kept[0].getBoundingClientRect().top - kept[1].top, behavior: "instant"});
    root.classList.remove("changing");
  }
}

/** The address of this page with the rows between two places. */
function between({after, until}) {
  const address = new URL(location.href);
  for (const [name, place] of Object.entries({after, until})) {
    if (place) address.searchParams.set(name, place);
    else address.searchParams.delete(name);
  }
  return address.href;
}
