import { browser } from '$app/env';

export type Theme = 'system' | 'light' | 'dark';
const key = 'theme';

function stored(): Theme {
	const value = browser ? localStorage.getItem(key) : null;
	return value === 'light' || value === 'dark' ? value : 'system';
}

/** The theme of this browser. The first paint reads the same key in app.html, so that nothing flashes. */
class ThemeChoice {
	#value = $state<Theme>(stored());

	get current(): Theme {
		return this.#value;
	}

	set current(value: Theme) {
		this.#value = value;
		if (value === 'system') {
			localStorage.removeItem(key);
			delete document.documentElement.dataset['theme'];
		} else {
			localStorage.setItem(key, value);
			document.documentElement.dataset['theme'] = value;
		}
	}
}

export const theme = new ThemeChoice();
