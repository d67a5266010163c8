// What every page does: times in the reader's zone, and sections that follow what happens.
import {Idiomorph} from "./vendor/idiomorph-0.8.0/idiomorph.esm.js";

const SHORTEST = 150;
const LATER = 2000;
const live = document.getElementById("live");
const dates = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "medium"});
const days = new Intl.DateTimeFormat(undefined, {dateStyle: "medium"});
const clock = new Intl.DateTimeFormat(undefined, {timeStyle: "medium"});

/** Times of this document in the reader's zone; of today without their date. */
function localise(root) {
  const today = days.format(new Date());
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.getAttribute("datetime"));
    if (Number.isNaN(moment.getTime())) continue;
    element.textContent = days.format(moment) === today ? clock.format(moment) : dates.format(moment);
    element.title = dates.format(moment);
  }
}

// Seconds by which this machine's clock is ahead of the dashboard's.
const ahead = Date.now() / 1000 - Number(document.body.dataset.now);

/** How long something has been going on, in the words of the page. */
function elapsed(seconds) {
  const whole = Math.max(0, Math.floor(seconds)), minutes = Math.floor(whole / 60), hours = Math.floor(whole / 3600);
  return hours ? `${hours} h ${minutes % 60} min` : minutes ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

/** Count on what is going on. */
function count(root) {
  for (const element of root.querySelectorAll("[data-since]")) element.textContent = elapsed(Date.now() / 1000 - ahead - Number(element.dataset.since));
}

function tell(state, words) {
  live.dataset.state = state;
  live.lastElementChild.textContent = words;
}

let isAsking = false;
let isDue = false;
let source = null;

/** Draw anew what lives on this page, as it is now. One request at a time. */
async function refresh() {
  isDue = true;
  if (isAsking || document.hidden) return;
  isAsking = true;
  while (isDue) {
    isDue = false;
    try {
      const answer = await fetch(location.href, {headers: {Accept: "text/html"}});
      if (answer.status === 401) tell("away", "logged out");
      if (answer.ok) {
        draw(new DOMParser().parseFromString(await answer.text(), "text/html"));
        if (source?.readyState === EventSource.OPEN) tell("live", "live");
      }
    } catch {
      tell("away", "the dashboard does not answer");
      setTimeout(refresh, LATER);
    }
    await new Promise((done) => setTimeout(done, SHORTEST));
  }
  isAsking = false;
}

function draw(page) {
  localise(page);
  count(page);
  for (const section of document.querySelectorAll("[data-live]")) {
    const newer = page.getElementById(section.id);
    if (newer) Idiomorph.morph(section, newer, {callbacks: {beforeNodeMorphed: keepsItsDrawing, beforeAttributeUpdated: keepsItsState}});
  }
  document.dispatchEvent(new Event("drawn"));
  loadCharts();
}

/** What the reader opened stays open. */
function keepsItsState(name, node) {
  return !(name === "open" && node.tagName === "DETAILS");
}

/** A chart gets other numbers; what it has drawn is its own. */
function keepsItsDrawing(old, newer) {
  if (old.dataset?.chart === undefined || newer.dataset?.chart === undefined) return true;
  old.dataset.chart = newer.dataset.chart;
  return false;
}

/** A long list grows when its end comes into sight; without this script, its link shows the rest. */
function grow() {
  const list = document.querySelector("[data-grows]");
  if (!list) return;
  const seen = new IntersectionObserver(async (entries) => {
    const more = document.getElementById("more");
    if (!more || !entries.some((entry) => entry.isIntersecting)) return;
    seen.unobserve(more);
    const answer = await fetch(more.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const chunk = page.getElementById("texts");
    chunk.removeAttribute("id");
    document.getElementById("rest").append(chunk);
    const next = page.getElementById("more");
    if (!next) return more.remove();
    more.href = next.href;
    seen.observe(more);
  }, {rootMargin: "1200px"});
  const more = document.getElementById("more");
  if (more) seen.observe(more);
}

/** Charts are large: only pages that have one load what draws them. */
function loadCharts() {
  if (document.querySelector("[data-chart]")) import("./charts.js");
}

function follow() {
  source = new EventSource("/live");
  source.onopen = () => {
    tell("live", "live");
    refresh();
  };
  source.onerror = () => {
    tell("away", "reconnecting");
    // A browser gives up after an answer that is no stream.
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, LATER);
  };
  source.addEventListener("changed", refresh);
}

addEventListener("pagehide", () => source?.close());
document.addEventListener("visibilitychange", () => document.hidden || refresh());
localise(document);
setInterval(() => document.hidden || count(document), 1000);
loadCharts();
grow();
follow();
