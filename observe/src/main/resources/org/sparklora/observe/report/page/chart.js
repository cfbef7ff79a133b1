// One metric of all runs, drawn by uPlot; mouse and keys are for all charts together.

import uPlot from 'uplot';
import { element, shown } from 'elements';
import { color } from 'theme';

const HEIGHT = 210;
const FIRST_HEIGHT = 300;
const COLORS = 6;
const FEW_VALUES = 12;

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

export class Chart {
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
    this.at = element('span', { className: 'at' });
    const head = element('div', { className: 'chart-head' }, element('h3', { title: metric.title }, metric.title), this.at, this.toggle);
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
    const grid = { stroke: () => color('--grid'), width: 1 };
    const axis = {
      stroke: () => color('--faint-ink'),
      ticks: { show: false },
      font: `12px ${getComputedStyle(document.body).fontFamily}`,
    };
    const wholeStep = (step) => (Number.isInteger(step) ? step.toLocaleString('en') : '');
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
        { ...axis, grid: { show: false }, size: 28, values: (plot, at) => at.map(wholeStep) },
        { ...axis, grid, size: 58, space: 36, values: (plot, at) => at.map((value) => (value == null ? '' : shown(value))) },
      ],
      series: [{}, ...this.shownLines.map((line) => this.series(line))],
      cursor: {
        y: false,
        points: { size: (plot, line) => (this.shownLines[line - 1]?.faint ? 0 : 7) },
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
    const pointed = this.plot.cursor.idx;
    const [left, right] = this.charts.view();
    const center = pointed == null ? (left + right) / 2 : this.plot.data[0][pointed];
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
    const values = this.values(next).map(({ name, value }) => `${name} ${shown(value)}`);
    this.charts.places.reading.textContent = `step ${steps[next]}: ${values.join(', ')}`;
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
        element(
          'span',
          { className: 'value', title: name },
          element('span', { className: `swatch run-${run % COLORS}` }),
          ...(several ? [element('span', { className: 'name' }, name)] : []),
          element('b', {}, shown(value)),
        ),
      );
    this.readout.classList.toggle('many', items.length > 3);
    this.readout.replaceChildren(...items);
    this.at.textContent = step == null ? '' : `step ${step.toLocaleString('en')}`;
  }

  /** What the picture shows, in words. */
  describe() {
    const parts = this.shownLines
      .filter((line) => !line.faint)
      .map(({ name, curve }) => {
        const numbers = curve.values.filter((value) => value != null);
        if (numbers.length === 0) {
          return `${name}: no value`;
        }
        const least = shown(numbers.reduce((a, b) => Math.min(a, b)));
        const most = shown(numbers.reduce((a, b) => Math.max(a, b)));
        return `${name}: from ${shown(numbers[0])} to ${shown(numbers.at(-1))}, least ${least}, most ${most}`;
      });
    this.area.setAttribute('aria-label', `${this.metric.title} over steps. ${parts.join('; ')}`);
  }
}
