// How all charts look: colours, axes, and how values are written.

export const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
// Okabe and Ito's colours, in an order in which neighbours differ in lightness too.
const LIGHT = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a8f98"];
const DARK = ["#56b4e9", "#e69f00", "#2ec99a", "#e0a0c8", "#4a90c4", "#ff8a5c", "#aab2bd"];
export const share = (value) => (value == null ? "" : `${(value * 100).toFixed(1)} %`);
// As the pages write times: in the reader's way and zone.
export const clock = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "medium"});
const minute = new Intl.DateTimeFormat(undefined, {timeStyle: "short"});
const second = new Intl.DateTimeFormat(undefined, {timeStyle: "medium"});
const day = new Intl.DateTimeFormat(undefined, {month: "short", day: "numeric"});

/** What stands at a place of an axis of time: a day where one begins, else the time. */
function moment(value) {
  const date = new Date(value);
  if (!date.getHours() && !date.getMinutes() && !date.getSeconds()) return day.format(date);
  return (date.getSeconds() ? second : minute).format(date);
}

export function timeAxis(axis, lines) {
  return {...axis, type: "time", axisLabel: {...axis.axisLabel, formatter: moment}, splitLine: lines};
}

export function style(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function colours() {
  return dark.matches ? DARK : LIGHT;
}

/** What all charts have in common. */
export function common() {
  const ink = style("--ink"), quiet = style("--quiet"), line = style("--line");
  const axis = {
    axisLine: {lineStyle: {color: line}},
    axisTick: {show: false},
    axisLabel: {color: quiet, fontSize: 11, hideOverlap: true},
    splitLine: {lineStyle: {color: line, opacity: 0.6}},
    nameTextStyle: {color: quiet, fontSize: 11},
  };
  return {
    axis,
    option: {
      animation: !still.matches,
      animationDuration: 250,
      color: colours(),
      textStyle: {fontFamily: getComputedStyle(document.body).fontFamily, color: ink},
      grid: {left: 8, right: 26, top: 34, bottom: 8, containLabel: true},
      legend: {top: 0, left: 0, itemWidth: 16, itemHeight: 8, textStyle: {color: quiet, fontSize: 11}, type: "scroll"},
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        backgroundColor: style("--paper"),
        borderColor: line,
        textStyle: {color: ink, fontSize: 12},
      },
    },
  };
}

export function table({columns, rows}) {
  return rows.map((row) => Object.fromEntries(columns.map((name, place) => [name, row[place]])));
}
