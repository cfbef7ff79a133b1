// Completions to browse and filter: those of a server page by page, or those that are in the page itself.

import { element, shown } from 'elements';

const ROWS = 25;
const VERDICTS = ['correct', 'partial', 'wrong', 'unjudged'];
const WAIT_MILLIS = 250;

const option = ([value, text]) => element('option', { value }, text);

/** What a reward says: judges of answers give 1 or 0, and nothing where they cannot judge. */
export function verdict(reward) {
  if (reward == null) {
    return 'unjudged';
  }
  return reward >= 1 ? 'correct' : reward > 0 ? 'partial' : 'wrong';
}

/** Whether a row is looked for. CompletionFilter.java has the same rules for a server. */
export function matches(row, filter) {
  const reward = filter.reward ? row.rewards[filter.reward] : Object.values(row.rewards)[0];
  const text = filter.text.toLowerCase();
  const contains = (turn) => turn.content.toLowerCase().includes(text);
  return (
    (filter.step === '' || row.step === Number(filter.step)) &&
    (filter.verdict === '' || verdict(reward) === filter.verdict) &&
    (filter.least === '' || (reward != null && reward >= Number(filter.least))) &&
    (filter.most === '' || (reward != null && reward <= Number(filter.most))) &&
    (text === '' || row.prompt.some(contains) || row.completion.some(contains))
  );
}

/** Rows that are in the page. */
function inPage(rows) {
  return async (filter, offset) => {
    const found = (rows[filter.run] ?? []).filter((row) => matches(row, filter));
    return {
      rows: found.slice(offset, offset + ROWS),
      matching: found.length,
      more: found.length > offset + ROWS,
    };
  };
}

/** Rows of a server; what was asked before is given up. */
function ofServer() {
  let asked = new AbortController();
  return async (filter, offset) => {
    asked.abort();
    asked = new AbortController();
    const query = new URLSearchParams({ ...filter, offset, limit: ROWS });
    const answer = await fetch(`completions?${query}`, { signal: asked.signal });
    if (!answer.ok) {
      throw new Error(await answer.text());
    }
    return answer.json();
  };
}

export class Completions {
  constructor(data, places) {
    this.places = places;
    this.find = data.live ? ofServer() : inPage(data.rows);
    this.rows = data.rows;
    this.offset = 0;
    this.shownCount = 0;
    places.newer.addEventListener('click', () => this.search(this.offset - ROWS));
    places.older.addEventListener('click', () => this.search(this.offset + ROWS));
    places.fresh.addEventListener('click', () => {
      this.search(0);
      places.rows.focus?.();
    });
    places.form.addEventListener('submit', (event) => event.preventDefault());
    places.form.addEventListener('input', (event) => {
      if (event.target === this.run) {
        this.showRewards();
      }
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(0), WAIT_MILLIS);
    });
  }

  /** Takes an update, which says how many completions there are. */
  update({ runs }) {
    this.runs = runs;
    const some = runs.some((run) => run.completions > 0);
    this.places.section.hidden = !some;
    this.places.link.hidden = !some;
    if (!some) {
      return;
    }
    if (!this.run) {
      this.fillForm();
    }
    this.showRuns();
    this.showRewards();
    this.showNote();
    const count = this.logged();
    if (count !== this.shownCount) {
      const { rows } = this.places;
      const reading = this.offset > 0 || rows.contains(document.activeElement) || rows.querySelector('details[open]');
      if (reading && this.shownCount > 0) {
        this.places.fresh.hidden = false;
      } else {
        this.search(0);
      }
    }
  }

  logged() {
    return this.runs[Number(this.run.value)].completions;
  }

  fillForm() {
    const label = (text, field, className = '') => {
      field.id = `filter-${text.toLowerCase().replace(' ', '-')}`;
      return element('div', { className: `field ${className}` }, element('label', { htmlFor: field.id }, text), field);
    };
    const select = (options) => element('select', {}, ...options.map(option));
    const number = (step) => element('input', { type: 'number', step, inputMode: 'decimal', placeholder: 'any' });
    this.run = select([]);
    this.text = element('input', { type: 'search', placeholder: 'in prompts and completions' });
    this.verdict = select([['', 'any'], ...VERDICTS.map((name) => [name, name])]);
    this.step = number(1);
    this.least = number('any');
    this.most = number('any');
    this.reward = select([]);
    const run = label('Run', this.run);
    run.hidden = this.runs.length < 2;
    this.rewardLabel = label('Reward', this.reward);
    this.places.form.append(
      run,
      label('Text', this.text, 'grow'),
      this.rewardLabel,
      label('Verdict', this.verdict),
      label('Step', this.step, 'short'),
      label('Reward from', this.least, 'short'),
      label('Reward to', this.most, 'short'),
    );
  }

  /** The runs with completions, which others join while they train. */
  showRuns() {
    const some = this.runs.map((run, i) => [String(i), run.name]).filter(([i]) => this.runs[i].completions > 0);
    const chosen = some.find(([i]) => i === this.run.value) ?? some[0];
    if (JSON.stringify([...this.run.options].map(({ value }) => value)) !== JSON.stringify(some.map(([i]) => i))) {
      this.run.replaceChildren(...some.map(option));
      this.run.value = chosen[0];
    }
  }

  showRewards() {
    const names = this.runs[Number(this.run.value)].rewards;
    if (JSON.stringify([...this.reward.options].map((option) => option.value)) !== JSON.stringify(names)) {
      this.reward.replaceChildren(...names.map((name) => element('option', { value: name }, name)));
    }
    this.rewardLabel.hidden = names.length < 2;
  }

  /** What is not here, in plain words. */
  showNote() {
    const run = Number(this.run.value);
    const { completions, unreadable } = this.runs[run];
    const notes = [];
    if (this.rows && this.rows[run].length < completions) {
      const held = this.rows[run].length.toLocaleString('en');
      const all = completions.toLocaleString('en');
      notes.push(`This file holds the latest ${held} of ${all} completions; report --live shows all.`);
    }
    if (unreadable.length > 0) {
      notes.push(`Cannot be read: ${unreadable.join(', ')}.`);
    }
    this.places.note.textContent = notes.join(' ');
    this.places.note.hidden = notes.length === 0;
  }

  async search(offset) {
    const filter = {
      run: this.run.value,
      reward: this.reward.value,
      verdict: this.verdict.value,
      least: this.least.value,
      most: this.most.value,
      step: this.step.value,
      text: this.text.value,
    };
    this.shownCount = this.logged();
    this.showNote();
    this.places.section.setAttribute('aria-busy', 'true');
    try {
      const found = await this.find(filter, Math.max(0, offset));
      this.offset = Math.max(0, offset);
      this.places.fresh.hidden = true;
      this.show(found);
    } catch (error) {
      if (error.name !== 'AbortError') {
        this.places.count.textContent = `The completions cannot be read: ${error.message}`;
      }
    } finally {
      this.places.section.setAttribute('aria-busy', 'false');
    }
  }

  show({ rows, matching, more }) {
    const { count, newer, older } = this.places;
    const first = (this.offset + 1).toLocaleString('en');
    const last = (this.offset + rows.length).toLocaleString('en');
    const all = this.logged().toLocaleString('en');
    const total = matching < 0 ? 'many' : matching.toLocaleString('en');
    count.textContent =
      rows.length === 0
        ? `None of ${all} completions is like that`
        : matching === this.logged()
          ? `${first}–${last} of ${all} completions, the latest first`
          : `${first}–${last} of ${total} that match, in ${all} completions`;
    newer.disabled = this.offset === 0;
    older.disabled = !more;
    const names = rows.length > 0 ? Object.keys(rows[0].rewards) : [];
    const column = (text, className = '') => element('th', { scope: 'col', className }, text);
    const head = element(
      'tr',
      {},
      column('Step', 'number'),
      column('Verdict'),
      ...names.map((name) => column(name, 'number')),
      column('Advantage', 'number'),
      column('Completion', 'text'),
    );
    const body = element('tbody', {}, ...rows.map((row) => this.row(row, names)));
    const caption = element('caption', { className: 'unseen' }, 'Completions, the latest first');
    const table = element('table', { className: 'completions' }, caption, element('thead', {}, head), body);
    this.places.rows.replaceChildren(...(rows.length > 0 ? [table] : []));
  }

  row(row, names) {
    const said = verdict(row.rewards[this.reward.value || names[0]]);
    const number = (value) => element('td', { className: 'number' }, shown(value));
    return element(
      'tr',
      {},
      number(row.step),
      element('td', {}, element('span', { className: `verdict ${said}` }, said)),
      ...names.map((name) => number(row.rewards[name])),
      number(row.advantage),
      element('td', { className: 'text' }, conversation(row)),
    );
  }
}

/** The end of the question and the beginning of the answer; opened, all of it. */
function conversation({ prompt, completion }) {
  const question = prompt.length > 0 ? prompt[prompt.length - 1].content : '';
  const answer = completion.map((turn) => turn.content).join('\n');
  const turn = (role, content, className) =>
    element('div', { className: `turn ${className}` }, element('h4', {}, role), element('pre', {}, content));
  return element(
    'details',
    {},
    element(
      'summary',
      {},
      element('span', { className: 'question' }, question.length > 160 ? `…${question.slice(-160)}` : question),
      element('span', { className: 'answer' }, answer.trim() === '' ? '(empty)' : answer.slice(0, 400)),
    ),
    ...prompt.map(({ role, content }) => turn(role || 'prompt', content, 'asked')),
    ...completion.map(({ role, content }) => turn(role ? `${role}, completion` : 'completion', content, 'answered')),
  );
}
