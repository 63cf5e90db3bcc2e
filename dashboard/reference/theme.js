// Runs before the libraries: the face chosen in the app, else that of the system.
let chosen = null;
try {
  chosen = localStorage.getItem('binnacle.theme');
} catch {
  // Storage is forbidden here: the system's theme it is.
}
const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
document.documentElement.classList.toggle('dark-mode', dark);
