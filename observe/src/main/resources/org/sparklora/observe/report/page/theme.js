// Light or dark: as the system says, until the button says otherwise.

const KEY = 'spark-lora-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function kept() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a browser that keeps nothing for such a page
  }
}

function keep(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // it holds until the page is closed
  }
}

/** Sets the button up; `changed` is called whenever the colours are other ones. */
export function setUpTheme(button, changed) {
  let chosen = kept();
  const isDark = () => (chosen ? chosen === 'dark' : system.matches);
  const apply = () => {
    document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
    button.textContent = isDark() ? 'Light theme' : 'Dark theme';
    changed();
  };
  button.addEventListener('click', () => {
    chosen = isDark() ? 'light' : 'dark';
    keep(chosen);
    apply();
  });
  system.addEventListener('change', apply);
  button.hidden = false;
  apply();
}

/** A colour of the style sheet. */
export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
