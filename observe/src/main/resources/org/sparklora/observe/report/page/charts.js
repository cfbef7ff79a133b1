// A chart a metric, all over the same steps: they zoom, move and point together.

import { Chart } from 'chart';
import { element } from 'elements';

const COLORS = 6;
const NOTHING = { steps: [], values: [] };

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
