export type Choice = 'system' | 'light' | 'dark';

/** Shared with early-theme.js, which applies the choice before the first paint. */
const STORED_AS = 'binnacle.theme';

/** Which of the two faces the page wears. */
class Theme {
  choice = $state<Choice>('system');
  private systemDark = $state(false);
  readonly dark: boolean = $derived(this.choice === 'system' ? this.systemDark : this.choice === 'dark');

  constructor() {
    const system = matchMedia('(prefers-color-scheme: dark)');
    this.systemDark = system.matches;
    system.addEventListener('change', () => (this.systemDark = system.matches));
    const applied = document.documentElement.dataset['theme'];
    if (applied === 'dark' || applied === 'light') this.choice = applied;
  }

  choose(choice: Choice): void {
    // The attribute first: whoever reacts to the choice reads its colours from the page.
    if (choice === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = choice;
    this.choice = choice;
    try {
      localStorage.setItem(STORED_AS, choice);
    } catch {
      // Storage is forbidden here: the choice lasts as long as the page.
    }
  }
}

export const theme = new Theme();
