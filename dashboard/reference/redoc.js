// Run after Redoc's own bundle, which leaves its one name behind. Nothing is fetched from elsewhere.
globalThis.Redoc.init('/openapi.json', { disableGoogleFont: true, hideDownloadButton: false }, document.getElementById('api'));
