"""Charts as other pages draw them: Chart.js, which most of them do it with, set up as its manual says for speed.

It is given its values within the page: no stream, no decoding, no table, no form. What it takes is drawing alone.
"""

import subprocess
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from bench.rivals import FOLDER, Missing

NAME: Final = "Chart.js"
PACKAGE: Final = "chart.js"
PAGE = '<!doctype html><body style="margin:16px;background:#101b20;color:#ccc;font:15px sans-serif"></body>'
# As large as the charts of Explore, one below the other; by its own advice: no animation, no points, parsed data.
SHOWN = """([charts, series, seconds]) => {
    const value = (chart, line, at) => ({ x: at, y: 100 * chart + 10 * line + 20 * Math.sin(at / 37 + line) });
    const now = () => Math.floor(Date.now() / 1000);
    const all = Array.from({ length: charts }, (_, chart) => {
        const box = document.createElement('div');
        box.style.cssText = 'height:260px;width:1300px;margin-bottom:220px';
        const canvas = box.appendChild(document.createElement('canvas'));
        document.body.append(box);
        const datasets = Array.from({ length: series }, (_, line) => ({
            label: `host-${line}`,
            borderColor: `hsl(${36 * line} 60% 60%)`,
            borderWidth: 1.5,
            data: Array.from({ length: seconds }, (_, place) => value(chart, line, now() - seconds + place)),
        }));
        return new Chart(canvas, { type: 'line', data: { datasets }, options: {
            animation: false, parsing: false, normalized: true, maintainAspectRatio: false, events: [],
            elements: { point: { radius: 0 } }, plugins: { legend: { display: false } },
            scales: { x: { type: 'linear', min: now() - seconds, max: now() } },
        } });
    });
    setInterval(() => all.forEach((chart, number) => {
        const at = now();
        chart.data.datasets.forEach(({ data }, line) => (data.push(value(number, line, at)), data.shift()));
        Object.assign(chart.options.scales.x, { min: at - seconds, max: at });
        chart.update('none');
    }), 1000);
}"""


def show(page: Page, charts: int, series: int, seconds: int) -> None:
    """Charts that are drawn anew each second. Raises Missing."""
    page.set_content(PAGE)
    page.add_script_tag(path=_library())
    page.evaluate(SHOWN, [charts, series, seconds])


def _library() -> Path:
    folder = FOLDER / "node"
    path = folder / "node_modules" / PACKAGE / "dist" / "chart.umd.js"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", PACKAGE]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            raise Missing(f"{PACKAGE} cannot be fetched: {error}") from error
    return path
