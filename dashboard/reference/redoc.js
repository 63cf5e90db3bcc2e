// Run after Redoc's own bundle, which leaves its one name behind. Nothing is fetched from elsewhere.
const night = {
  colors: {
    primary: { main: '#7cc3d2' },
    success: { main: '#7fc8a4' },
    error: { main: '#f5846d' },
    text: { primary: '#ede7da', secondary: '#b0bab8' },
    border: { dark: '#38505a', light: '#1f2f36' },
    responses: {
      success: { color: '#7fc8a4', backgroundColor: '#10241c', tabTextColor: '#7fc8a4' },
      error: { color: '#f5846d', backgroundColor: '#2a1713', tabTextColor: '#f5846d' },
    },
  },
  schema: { linesColor: '#38505a', typeNameColor: '#b0bab8', typeTitleColor: '#b0bab8', nestedBackground: '#101b20' },
  sidebar: { backgroundColor: '#101b20', textColor: '#ede7da', activeTextColor: '#7cc3d2' },
  rightPanel: { backgroundColor: '#101b20', textColor: '#ede7da' },
  typography: { code: { color: '#e0b25a', backgroundColor: '#17252b' }, links: { color: '#7cc3d2' } },
};
const theme = document.documentElement.classList.contains('dark-mode') ? night : {};
globalThis.Redoc.init('/openapi.json', { disableGoogleFont: true, theme }, document.getElementById('api'));
