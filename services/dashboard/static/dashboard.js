// What every page does: times in the reader's zone, and sections that follow what happens.
import {Idiomorph} from "./vendor/idiomorph-0.8.0/idiomorph.esm.js";
import {List} from "./list.js";

const SHORTEST = 150;
const LATER = 2000;
const SELDOM = 5000;
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

const callbacks = {beforeNodeMorphed: keepsItsDrawing, beforeAttributeUpdated: keepsItsState};
const list = document.getElementById("parts") && new List(ask, callbacks);
let isAsking = false;
let isDue = false;
let source = null;
let again = 0;

/** The page at an address as it is now, or null. */
async function ask(address) {
  try {
    const answer = await fetch(address, {headers: {Accept: "text/html"}});
    if (answer.status === 401) tell("away", "logged out");
    else if (answer.status >= 500) tell("away", "the dashboard does not answer");
    if (!answer.ok) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    localise(page);
    count(page);
    return page;
  } catch {
    tell("away", "the dashboard does not answer");
    setTimeout(refresh, LATER);
    return null;
  }
}

/** Draw anew what lives on this page, as it is now. One request at a time. */
async function refresh() {
  isDue = true;
  if (isAsking || document.hidden) return;
  isAsking = true;
  while (isDue) {
    isDue = false;
    const page = await ask(list ? list.address : location.href);
    if (page) {
      draw(page);
      await list?.follow(page);
      if (source.readyState === EventSource.OPEN) tell("live", "live");
      if (source.readyState === EventSource.CLOSED) tell("seldom", `looks every ${SELDOM / 1000} s`);
    }
    await new Promise((done) => setTimeout(done, SHORTEST));
  }
  isAsking = false;
}

function draw(page) {
  for (const section of document.querySelectorAll("[data-live]")) {
    const newer = page.getElementById(section.id);
    if (newer) Idiomorph.morph(section, newer, {callbacks});
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

/** Charts are large: only pages that have one load what draws them. */
function loadCharts() {
  if (document.querySelector("[data-chart]")) import("./charts.js");
}

/** Hear of what changes. Where no stream is given, as too many pages are open, the page looks by itself. */
function follow() {
  clearTimeout(again);
  source?.close();
  source = new EventSource("/live");
  source.onopen = () => {
    tell("live", "live");
    refresh();
  };
  source.onerror = () => {
    // A browser gives up after an answer that is no stream.
    if (source.readyState !== EventSource.CLOSED) return tell("away", "reconnecting");
    again = setTimeout(follow, SELDOM);
    refresh();
  };
  source.addEventListener("changed", refresh);
}

/** A page that nobody sees hears nothing: a browser has few connections for all of its tabs. */
function rest() {
  clearTimeout(again);
  source?.close();
}

addEventListener("pagehide", rest);
addEventListener("pageshow", (event) => event.persisted && follow());
document.addEventListener("visibilitychange", () => (document.hidden ? rest() : follow()));
localise(document);
setInterval(() => document.hidden || count(document), 1000);
loadCharts();
document.hidden || follow();
