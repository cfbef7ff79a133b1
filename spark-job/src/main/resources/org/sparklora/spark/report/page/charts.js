// A chart a metric, all over the same steps: they zoom, move and point together.

import uPlot from 'uplot';
import { color } from 'theme';

const HEIGHT = 210;
const FIRST_HEIGHT = 300;
const COLORS = 6;
const FEW_VALUES = 12;
const NOTHING = { steps: [], values: [] };

/** A number as people read it, with three or four digits that count. */
export function shown(value) {
  if (value == null) {
    return '–';
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    return value.toExponential(2).replace(/\.?0+e/, 'e').replace('e+', 'e');
  }
  return Number(value.toPrecision(4)).toLocaleString('en', { maximumFractionDigits: 6 });
}

/** An element with properties and children; text stays text. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) {
      made[name] = value;
    } else {
      made.setAttribute(name, value);
    }
  }
  made.append(...children);
  return made;
}

/** The mean of the values of the last `width` steps at each step; null where there is none. */
function runningMean({ steps, values }, width) {
  let sum = 0;
  let count = 0;
  let first = 0;
  return values.map((value, i) => {
    sum += value ?? 0;
    count += value == null ? 0 : 1;
    for (; steps[first] <= steps[i] - width; first++) {
      sum -= values[first] ?? 0;
      count -= values[first] == null ? 0 : 1;
    }
    return count === 0 ? null : sum / count;
  });
}

/** Whether there are values enough for a mean to say more than they do. */
function isWorthSmoothing({ steps }, width) {
  const spacing = steps.length === 0 ? 0 : steps[steps.length - 1] / steps.length;
  return spacing < width && steps.length > (2 * width) / spacing;
}

export class Charts {
  constructor(places) {
    this.places = places;
    this.curves = new Map(); // by metric, then by the run's number
    this.names = [];
    this.hidden = new Set();
    this.charts = new Map();
    this.zoom = null;
    this.extent = [0, 1];
    places.window.addEventListener('change', () => {
      this.chosenWindow = Math.max(1, Math.round(Number(places.window.value)) || 1);
      places.window.value = this.chosenWindow;
      this.draw();
    });
    places.reset.addEventListener('click', () => this.zoomTo(null));
  }

  /** Takes an update: of each curve the values from the first on that differs. */
  update(data) {
    this.metrics = data.metrics;
    this.names = data.runs.map((run) => run.name);
    data.runs.forEach((run, number) => {
      for (const [metric, { from, steps, values }] of Object.entries(run.curves)) {
        if (!this.curves.has(metric)) {
          this.curves.set(metric, new Map());
        }
        const old = this.curves.get(metric).get(number) ?? NOTHING;
        this.curves.get(metric).set(number, {
          steps: old.steps.slice(0, from).concat(steps),
          values: old.values.slice(0, from).concat(values),
        });
      }
    });
    this.window = this.chosenWindow ?? data.window;
    if (document.activeElement !== this.places.window) {
      this.places.window.value = this.window;
    }
    this.showRuns();
    this.draw();
  }

  curve(metric, run) {
    return this.curves.get(metric)?.get(run) ?? NOTHING;
  }

  /** A toggle a run; of one run there is nothing to choose. */
  showRuns() {
    const place = this.places.runs;
    if (this.names.length < 2 || place.childElementCount > 0) {
      return;
    }
    this.names.forEach((name, run) => {
      const swatch = element('span', { className: `swatch run-${run % COLORS}` });
      const button = element('button', { type: 'button', 'aria-pressed': 'true' }, swatch, name);
      button.addEventListener('click', () => {
        const show = this.hidden.delete(run) || !this.hidden.add(run);
        button.setAttribute('aria-pressed', show);
        this.draw();
      });
      place.append(button);
    });
  }

  draw() {
    const steps = [...this.curves.values()].flatMap((runs) => [...runs.values()].map((curve) => curve.steps));
    const first = Math.min(...steps.filter((some) => some.length).map((some) => some[0]));
    const last = Math.max(...steps.filter((some) => some.length).map((some) => some[some.length - 1]));
    this.extent = !Number.isFinite(first) ? [0, 1] : first < last ? [first, last] : [first - 1, first + 1];
    for (const metric of this.metrics) {
      if (!this.charts.has(metric.key)) {
        this.charts.set(metric.key, new Chart(this, metric));
      }
      const chart = this.charts.get(metric.key);
      chart.metric = metric;
      this.places.grid.append(...(chart.card.isConnected ? [] : [chart.card]));
    }
    this.order();
    this.charts.forEach((chart) => chart.draw());
  }

  /** In the order of the metrics, without moving those that are in place: focus would be lost. */
  order() {
    this.metrics.forEach((metric, place) => {
      const card = this.charts.get(metric.key).card;
      if (this.places.grid.children[place] !== card) {
        this.places.grid.insertBefore(card, this.places.grid.children[place]);
      }
    });
  }

  repaint() {
    this.charts.forEach((chart) => chart.plot?.redraw(false, true));
  }

  view() {
    return this.zoom ?? this.extent;
  }

  /** Shows a range of steps in all charts, inside of what there is; null for all. */
  zoomTo(range) {
    const [first, last] = this.extent;
    if (range) {
      const width = Math.min(Math.max(range[1] - range[0], (last - first) / 1000), last - first);
      const left = Math.min(Math.max(range[0], first), last - width);
      this.zoom = width >= last - first ? null : [left, left + width];
    } else {
      this.zoom = null;
    }
    this.places.reset.disabled = this.zoom === null;
    this.charts.forEach((chart) => chart.showView());
  }

  /** Moves by a share of what is seen. */
  pan(share) {
    const [left, right] = this.view();
    const shift = share * (right - left);
    this.zoomTo([left + shift, right + shift]);
  }

  /** Zooms about a step. */
  scale(factor, center) {
    const [left, right] = this.view();
    this.zoomTo([center - (center - left) * factor, center + (right - center) * factor]);
  }
}

class Chart {
  constructor(charts, metric) {
    this.charts = charts;
    this.metric = metric;
    this.readout = element('p', { className: 'readout' });
    this.toggle = element('button', { type: 'button', className: 'quiet log' }, 'log');
    this.toggle.setAttribute('aria-label', `Logarithmic axis of ${metric.title}`);
    this.toggle.addEventListener('click', () => {
      this.chosenLogarithmic = !this.isLogarithmic();
      this.draw();
    });
    this.area = element('div', { className: 'plot', tabIndex: 0, role: 'img', 'aria-describedby': 'keys' });
    this.area.addEventListener('keydown', (event) => this.key(event));
    const head = element('div', { className: 'chart-head' }, element('h3', {}, metric.title), this.toggle);
    this.card = element('figure', { className: 'card chart' }, head, this.readout, this.area);
    new ResizeObserver(() => this.resize()).observe(this.area);
  }

  isLogarithmic() {
    return this.chosenLogarithmic ?? this.metric.logarithmic;
  }

  height() {
    return this.card.matches(':first-child') ? FIRST_HEIGHT : HEIGHT;
  }

  resize() {
    const width = this.area.clientWidth;
    if (this.plot && width > 0 && (width !== this.plot.width || this.height() !== this.plot.height)) {
      this.plot.setSize({ width, height: this.height() });
    }
  }

  /** What is drawn of each run: its values, and over many of them their mean. */
  lines() {
    const lines = [];
    this.charts.names.forEach((name, run) => {
      const curve = this.charts.curve(this.metric.key, run);
      if (curve.steps.length === 0 || this.charts.hidden.has(run)) {
        return;
      }
      const width = this.charts.window;
      const smooth = this.metric.noisy && width > 1 && isWorthSmoothing(curve, width);
      lines.push({ run, name, curve, faint: smooth });
      if (smooth) {
        lines.push({ run, name, curve: { steps: curve.steps, values: runningMean(curve, width) } });
      }
    });
    return lines.sort((one, other) => Boolean(other.faint) - Boolean(one.faint));
  }

  draw() {
    this.toggle.setAttribute('aria-pressed', this.isLogarithmic());
    this.shownLines = this.lines();
    const kind = JSON.stringify([this.isLogarithmic(), this.shownLines.map(({ run, faint }) => [run, faint])]);
    const data = this.data();
    if (this.plot && this.kind === kind) {
      this.plot.setData(data, false);
    } else {
      this.plot?.destroy();
      this.plot = new uPlot(this.options(), data, this.area);
      this.kind = kind;
    }
    this.resize();
    this.showView();
    this.describe();
  }

  /** All lines over all steps: undefined where a run has not logged, null where there is no number. */
  data() {
    const most = this.isLogarithmic() ? (value) => (value > 0 ? value : null) : (value) => value;
    const tables = this.shownLines.map(({ curve }) => [curve.steps, curve.values.map(most)]);
    return tables.length > 0 ? uPlot.join(tables) : [[]];
  }

  showView() {
    const [min, max] = this.charts.view();
    this.plot?.setScale('x', { min, max });
    this.read(this.plot?.cursor.idx ?? null);
  }

  options() {
    const ink = () => color('--faint-ink');
    const grid = { stroke: () => color('--grid'), width: 1 };
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    return {
      width: this.area.clientWidth || 400,
      height: this.height(),
      padding: [8, 12, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, auto: false },
        y: { distr: this.isLogarithmic() ? 3 : 1, range: (plot, min, max) => this.range(min, max) },
      },
      axes: [
        { stroke: ink, grid: { show: false }, ticks: { show: false }, font, size: 28, values: (plot, at) => at.map((step) => (Number.isInteger(step) ? step.toLocaleString('en') : '')) },
        { stroke: ink, grid, ticks: { show: false }, font, size: 58, space: 36, values: (plot, at) => at.map((value) => (value == null ? '' : shown(value))) },
      ],
      series: [{}, ...this.shownLines.map((line) => this.series(line))],
      cursor: {
        y: false,
        points: { size: 7 },
        drag: { setScale: false, x: true, y: false },
        sync: { key: 'steps', filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
        bind: {
          dblclick: () => () => this.charts.zoomTo(null),
          mousedown: (plot, over, handle) => (event) => (event.shiftKey ? this.grab(event) : handle(event)),
        },
      },
      hooks: {
        setSelect: [(plot) => this.selected(plot)],
        setCursor: [(plot) => this.read(plot.cursor.idx)],
      },
    };
  }

  series({ run, curve, faint }) {
    const count = curve.values.filter((value) => value != null).length;
    const few = () => count <= FEW_VALUES;
    const isNumber = (value) => value != null;
    const round = Math.floor(run / COLORS);
    return {
      stroke: () => color(`--run-${run % COLORS}`),
      alpha: faint ? 0.28 : 1,
      width: faint ? 1 : 2,
      dash: round > 0 ? [9 / round, 4] : undefined,
      points: {
        size: 6,
        fill: () => color(`--run-${run % COLORS}`),
        show: few,
        // a value between two that are missing has no line
        filter: (plot, line, show) => {
          const values = plot.data[line];
          const known = values.map((value, i) => i).filter((i) => values[i] !== undefined);
          const alone = known.filter(
            (i, k) => isNumber(values[i]) && !isNumber(values[known[k - 1]]) && !isNumber(values[known[k + 1]]),
          );
          return show || alone.length === 0 ? null : alone;
        },
      },
    };
  }

  range(min, max) {
    if (min == null) {
      return this.isLogarithmic() ? [1, 10] : [0, 1];
    }
    if (this.isLogarithmic()) {
      return uPlot.rangeLog(min, max, 10, false);
    }
    const [low, high] = uPlot.rangeNum(min, max, 0.08, true);
    return this.metric.from_zero && min >= 0 ? [0, max > 0 ? high : 1] : [low, high];
  }

  selected(plot) {
    const { left, width } = plot.select;
    if (width > 3) {
      const range = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      this.charts.zoomTo(range);
    }
  }

  /** Moves along with the mouse while its button is down. */
  grab(event) {
    event.preventDefault();
    const [left, right] = this.charts.view();
    const stepsPerPixel = (right - left) / this.plot.over.clientWidth;
    const move = (now) => {
      const shift = (event.clientX - now.clientX) * stepsPerPixel;
      this.charts.zoomTo([left + shift, right + shift]);
    };
    document.addEventListener('mousemove', move);
    document.addEventListener('mouseup', () => document.removeEventListener('mousemove', move), { once: true });
  }

  key(event) {
    const center = this.plot.cursor.idx == null ? this.charts.view().reduce((a, b) => (a + b) / 2) : this.plot.data[0][this.plot.cursor.idx];
    const actions = {
      '+': () => this.charts.scale(0.5, center),
      '=': () => this.charts.scale(0.5, center),
      '-': () => this.charts.scale(2, center),
      '−': () => this.charts.scale(2, center),
      0: () => this.charts.zoomTo(null),
      Escape: () => this.charts.zoomTo(null),
      ArrowLeft: () => (event.shiftKey ? this.charts.pan(-0.2) : this.point(-1)),
      ArrowRight: () => (event.shiftKey ? this.charts.pan(0.2) : this.point(1)),
    };
    if (actions[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      actions[event.key]();
    }
  }

  /** Points at the next or previous step, and says what is there. */
  point(direction) {
    const steps = this.plot.data[0];
    if (steps.length === 0) {
      return;
    }
    const [left, right] = this.charts.view();
    const first = steps.findIndex((step) => step >= left);
    const last = steps.findLastIndex((step) => step <= right);
    const now = this.plot.cursor.idx ?? (direction > 0 ? first - 1 : last + 1);
    const next = Math.min(Math.max(now + direction, first), last);
    this.plot.setCursor({ left: this.plot.valToPos(steps[next], 'x'), top: 0 });
    this.charts.places.reading.textContent = `step ${steps[next]}: ${this.values(next).map(({ name, value }) => `${name} ${shown(value)}`).join(', ')}`;
  }

  /** Of each run the value at a place of the data, or the last one. */
  values(index) {
    return this.shownLines
      .map((line, i) => ({ ...line, values: this.plot.data[i + 1] }))
      .filter((line) => !line.faint)
      .map(({ run, name, values }) => ({
        run,
        name,
        value: index == null ? values.findLast((value) => value != null) : values[index],
      }));
  }

  /** Writes above the chart what is pointed at. */
  read(index) {
    const step = index == null ? null : this.plot?.data[0][index];
    if (!this.plot) {
      return;
    }
    const several = this.charts.names.length > 1;
    const items = this.values(index)
      .filter(({ value }) => value !== undefined)
      .map(({ run, name, value }) =>
        element('span', { className: 'value', title: name }, element('span', { className: `swatch run-${run % COLORS}` }), ...(several ? [element('span', { className: 'name' }, name)] : []), element('b', {}, shown(value))),
      );
    this.readout.replaceChildren(...items, ...(step == null ? [] : [element('span', { className: 'at' }, `step ${step.toLocaleString('en')}`)]));
  }

  /** What the picture shows, in words. */
  describe() {
    const parts = this.shownLines
      .filter((line) => !line.faint)
      .map(({ name, curve }) => {
        const numbers = curve.values.filter((value) => value != null);
        return numbers.length === 0 ? `${name}: no value` : `${name}: from ${shown(numbers[0])} to ${shown(numbers[numbers.length - 1])}, least ${shown(numbers.reduce((a, b) => Math.min(a, b)))}, most ${shown(numbers.reduce((a, b) => Math.max(a, b)))}`;
      });
    this.area.setAttribute('aria-label', `${this.metric.title} over steps. ${parts.join('; ')}`);
  }
}
