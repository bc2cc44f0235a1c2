// Before the first paint, so that a chosen theme never flashes (see ui/theme.svelte.ts).
const theme = localStorage.getItem('theme');
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
