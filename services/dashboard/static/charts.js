// Draws charts from their numbers. No text in them is ever HTML: tooltips are drawn, not written into the page.
import * as echarts from "./vendor/echarts-6.1.0/echarts.esm.min.js";
import {clock, colours, common, dark, share, style, table, timeAxis} from "./chart_look.js";

const drawn = new Map();

function band(name, points, colour) {
  const line = (key, of) => ({
    name: key,
    type: "line",
    data: of,
    stack: name,
    stackStrategy: "all",
    symbol: "none",
    silent: true,
    lineStyle: {opacity: 0},
    tooltip: {show: false},
  });
  return [
    line("", points.map((p) => [p.labels, p.low])),
    {...line("", points.map((p) => [p.labels, p.high - p.low])), areaStyle: {color: colour, opacity: 0.16}},
  ];
}

/** The interval of each point, as a bar; `aside`: so many pixels beside its place. */
function whiskers(points, colour, aside = 0) {
  const bar = (params, api) => {
    const [low, high] = [api.coord([api.value(0), api.value(1)]), api.coord([api.value(0), api.value(2)])];
    return {type: "line", shape: {x1: low[0] + aside, y1: low[1], x2: high[0] + aside, y2: high[1]}, style: {stroke: api.visual("color"), lineWidth: 1.4, opacity: 0.7}};
  };
  return {name: "", type: "custom", renderItem: bar, silent: true, tooltip: {show: false}, itemStyle: {color: colour}, encode: {x: 0, y: [1, 2]}, data: points};
}

/** What makes a point that is alone be seen, and say its value. */
function alone(format, aside = 0) {
  return {symbol: "circle", symbolSize: 9, symbolOffset: [aside, 0], label: {show: true, position: "right", color: style("--ink"), formatter: ({value}) => format(value[1])}};
}

/** The axis of labels. Where all points have the same number of them, it stands in the middle, alone. */
function labelsAxis(axis, points) {
  const usual = {...axis, type: "value", min: 0, name: "labels", nameLocation: "middle", nameGap: 24};
  const [only, ...more] = new Set(points.map((p) => p.labels));
  return more.length ? usual : {...usual, max: 2 * only, interval: only, axisLabel: {...axis.axisLabel, formatter: (value) => (value === only ? `${value}` : "")}};
}

function curve(chart) {
  const {axis, option} = common();
  const points = table(chart).sort((one, other) => one.labels - other.labels);
  const of = (name) => points.filter((p) => p["measured on"] === name);
  const test = of("test set"), audits = of("audit");
  const [first, second, third, ...others] = colours();
  const played = [...new Set(points.map((p) => p["measured on"]).filter((name) => name.startsWith("what-if ")))];
  // Of one number of labels, all points stand side by side.
  const isOne = new Set(points.map((p) => p.labels)).size === 1, several = [test, audits, ...played.map(of)].filter((own) => own.length).length;
  let beside = 0;
  const measured = (name, own, colour, look) => {
    const known = own.filter((p) => p.low != null), data = own.map((p) => [p.labels, p.accuracy]);
    const line = {name, type: "line", data, ...look, lineStyle: {color: colour, ...look.lineStyle}, itemStyle: {color: colour}};
    if (own.length > 1) return [...band(name, known, colour), line];
    const aside = isOne ? 56 * (beside++ - (several - 1) / 2) : 0;
    return [whiskers(known.map((p) => [p.labels, p.low, p.high]), colour, aside), {...line, ...alone(share, aside)}];
  };
  const series = [];
  if (test.length > 1) {
    series.push(
      {name: "best so far", type: "line", step: "end", symbol: "none", data: test.map((p) => [p.labels, p["best so far"]]), lineStyle: {type: "dashed", width: 1.2, color: style("--quiet")}, itemStyle: {color: style("--quiet")}},
      {name: "macro-F1", type: "line", symbol: "none", data: test.map((p) => [p.labels, p["macro-F1"]]), lineStyle: {type: "dotted", width: 1.6, color: third}, itemStyle: {color: third}},
    );
  }
  if (test.length) series.push(...measured("accuracy on the test set", test, first, {symbol: "circle", symbolSize: 6, lineStyle: {width: 2.2}}));
  if (audits.length) series.push(...measured("accuracy on the pool, by audit", audits, second, {symbol: "diamond", symbolSize: 8, lineStyle: {width: 2}}));
  for (const [place, name] of played.entries()) {
    series.push(...measured(name, of(name), others[place % others.length], {symbol: "none", lineStyle: {type: "dashed", width: 1.8}}));
  }
  const least = Math.min(...points.map((p) => p.low ?? p.accuracy));
  return {
    ...option,
    legend: {...option.legend, data: series.map((one) => one.name).filter(Boolean)},
    tooltip: {...option.tooltip, valueFormatter: share},
    xAxis: labelsAxis(axis, points),
    yAxis: {...axis, type: "value", max: 1, min: Math.max(0, Math.floor(least * 10 - 0.5) / 10), axisLabel: {...axis.axisLabel, formatter: (value) => `${Math.round(value * 100)} %`}},
    series,
  };
}

function bars({columns, rows}) {
  const {axis, option} = common();
  return {
    ...option,
    legend: {show: columns.length > 2, ...option.legend},
    grid: {...option.grid, right: 52, top: columns.length > 2 ? 34 : 8},
    yAxis: {...axis, type: "category", inverse: true, data: rows.map((row) => row[0]), axisLabel: {...axis.axisLabel, width: 130, overflow: "truncate"}},
    xAxis: {...axis, type: "value", minInterval: 1},
    series: columns.slice(1).map((name, place) => ({name, type: "bar", barMaxWidth: 18, data: rows.map((row) => row[place + 1]), label: {show: true, position: "right", color: style("--quiet"), fontSize: 11}, itemStyle: {borderRadius: [0, 3, 3, 0]}})),
  };
}

function stacked({columns, rows}) {
  const {axis, option} = common();
  return {
    ...option,
    xAxis: timeAxis(axis, {show: false}),
    yAxis: {...axis, type: "value", minInterval: 1},
    series: columns.slice(1).map((name, place) => ({name, type: "bar", stack: "all", barMaxWidth: 22, data: rows.map((row) => [row[0], row[place + 1]])})),
  };
}

const PHASES = [["picked", "picking", "picked", 0], ["people waited", "waiting", "labelling", 1], ["labelled", "labelling", "labelled", 1], ["learned", "training", "trained", 2], ["measured", "measuring", "measured", 3]];

function timeline(chart) {
  const {axis, option} = common();
  const batches = table(chart).map((each) => {
    const waited = each["people waited, s"], labelling = each.labelling;
    return waited && labelling ? {...each, waiting: new Date(Date.parse(labelling) - waited * 1000).toISOString()} : each;
  });
  const names = batches.map((each) => each.batch);
  const [blue, orange, green, purple] = colours();
  const shades = [blue, style("--quiet"), orange, green, purple];
  const height = 26;
  const box = (params, api) => {
    const [from, to] = [api.coord([api.value(1), api.value(0)]), api.coord([api.value(2), api.value(0)])];
    const lane = api.size([0, 1])[1] * 0.21;
    const shape = echarts.graphic.clipRectByRect(
      {x: from[0], y: from[1] + (api.value(3) - 2) * lane, width: Math.max(2, to[0] - from[0]), height: lane * 0.86},
      {x: params.coordSys.x, y: params.coordSys.y, width: params.coordSys.width, height: params.coordSys.height},
    );
    return shape && {type: "rect", shape: {...shape, r: 2}, style: {fill: api.visual("color")}};
  };
  const series = PHASES.map(([name, begin, end, lane], place) => ({
    name,
    type: "custom",
    itemStyle: {color: shades[place]},
    renderItem: box,
    encode: {x: [1, 2], y: 0},
    data: batches.flatMap((each, row) => (each[begin] && each[end] ? [[row, Date.parse(each[begin]), Date.parse(each[end]), lane]] : [])),
  }));
  return {
    ...option,
    height: names.length * height,
    legend: {...option.legend, data: PHASES.map(([name]) => name)},
    tooltip: {
      ...option.tooltip,
      trigger: "item",
      formatter: ({seriesName, value}) => {
        const seconds = (value[2] - value[1]) / 1000;
        return `batch ${names[value[0]]}, ${seriesName}: ${seconds.toFixed(1)} s\n${clock.format(value[1])}`;
      },
    },
    xAxis: timeAxis(axis, {show: true, lineStyle: axis.splitLine.lineStyle}),
    yAxis: {...axis, type: "category", inverse: true, data: names, axisLabel: {...axis.axisLabel, formatter: (name) => `batch ${name}`}},
    series,
  };
}

function stopping(chart) {
  const {axis, option} = common();
  const checks = table(chart).filter((check) => check.value != null);
  const [first, , , , , red] = colours();
  const threshold = chart.facts.threshold;
  const room = checks.length > 1 ? 0 : Math.abs(checks[0].value - (threshold ?? 0)) / 4 || 1;
  return {
    ...option,
    xAxis: labelsAxis(axis, checks),
    yAxis: {...axis, type: "value", scale: true, min: ({min}) => Math.min(min, threshold ?? min) - room, max: ({max}) => Math.max(max, threshold ?? max) + room},
    series: [
      {
        name: "value",
        type: "line",
        symbolSize: 6,
        data: checks.map((check) => ({value: [check.labels, check.value], symbol: check["says stop"] === "yes" ? "diamond" : "circle"})),
        itemStyle: {color: first},
        ...(checks.length === 1 && alone((value) => value.toFixed(3))),
        markLine: threshold == null ? undefined : {symbol: "none", silent: true, lineStyle: {color: red, type: "dashed"}, label: {formatter: "threshold", color: style("--quiet"), position: "insideStartTop"}, data: [{yAxis: threshold}]},
      },
    ],
  };
}

/** Shares of each row, in the columns that are called so. */
function shares({columns, rows}) {
  const places = columns.flatMap((name, place) => (name.startsWith("share") ? [place] : []));
  const drawn = bars({columns: [columns[0], ...places.map((place) => columns[place])], rows: rows.map((row) => [row[0], ...places.map((place) => row[place])])});
  drawn.tooltip.valueFormatter = share;
  drawn.xAxis = {...drawn.xAxis, minInterval: 0, axisLabel: {...drawn.xAxis.axisLabel, formatter: (value) => `${Math.round(value * 100)} %`}};
  for (const one of drawn.series) one.label = {...one.label, formatter: ({value}) => share(value)};
  return drawn;
}

function calibration(chart) {
  const {axis, option} = common();
  const bins = table(chart);
  const [first, second] = colours();
  const percent = {...axis, type: "value", min: 0, max: 1, axisLabel: {...axis.axisLabel, formatter: (value) => `${Math.round(value * 100)} %`}};
  const series = [["test set", first, "circle"], ["audit", second, "diamond"]].flatMap(([name, colour, symbol]) => {
    const own = bins.filter((bin) => bin["measured on"] === name);
    if (!own.length) return [];
    return [
      whiskers(own.map((bin) => [bin["how sure"], bin.low, bin.high]), colour),
      {name, type: "line", symbol, symbolSize: 8, data: own.map((bin) => [bin["how sure"], bin.right, bin.texts]), lineStyle: {width: 2, color: colour}, itemStyle: {color: colour}, ...(own.length === 1 && alone(share))},
    ];
  });
  series.push({name: "as sure as right", type: "line", silent: true, symbol: "none", data: [[0, 0], [1, 1]], lineStyle: {type: "dashed", width: 1.2, color: style("--quiet")}, itemStyle: {color: style("--quiet")}});
  return {
    ...option,
    legend: {...option.legend, data: series.map((one) => one.name).filter(Boolean)},
    tooltip: {...option.tooltip, trigger: "item", formatter: ({seriesName, value}) => `${seriesName}: ${value[2]} texts\nsure ${share(value[0])}, right ${share(value[1])}`},
    xAxis: {...percent, name: "how sure (across), how often right (up)", nameLocation: "middle", nameGap: 24},
    yAxis: percent,
    series,
  };
}

const KINDS = {curve, bars, shares, stacked, timeline, stopping, calibration};

function draw(element) {
  const chart = JSON.parse(element.dataset.chart);
  const option = KINDS[chart.kind](chart);
  const height = chart.kind === "timeline" ? Math.max(160, option.height + 90) : chart.kind === "bars" ? Math.max(140, chart.rows.length * 30 + 40) : chart.kind === "shares" ? Math.max(160, chart.rows.length * 46 + 70) : 300;
  delete option.height;
  element.style.height = `${height}px`;
  let instance = drawn.get(element);
  if (!instance) {
    instance = echarts.init(element, null, {renderer: "svg"});
    drawn.set(element, instance);
    new ResizeObserver(() => instance.resize()).observe(element);
  }
  instance.resize();
  instance.setOption(option, {notMerge: true});
  element.dataset.drawn = "yes";
}

/** Draw what is new or has other numbers; `all` of them where colours changed. */
function refresh(all = false) {
  for (const [element, instance] of drawn) {
    if (!element.isConnected) {
      instance.dispose();
      drawn.delete(element);
    }
  }
  for (const element of document.querySelectorAll("[data-chart]")) {
    if (all === true || element.dataset.shown !== element.dataset.chart) {
      element.dataset.shown = element.dataset.chart;
      draw(element);
    }
  }
}

dark.addEventListener("change", () => refresh(true));
document.addEventListener("drawn", () => refresh());
refresh();
