"use strict";
// The theme, the choice of product, and one crosshair for all charts over time.
(() => {
  const root = document.documentElement;
  const readings = JSON.parse(document.getElementById("readings").textContent);

  const theme = document.getElementById("theme");
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);
  const label = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.hidden = false;
  label();
  systemDark.addEventListener("change", label);
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    label();
  });

  for (const group of document.querySelectorAll(".switch")) {
    const buttons = [...group.querySelectorAll("button")];
    const choose = (chosen) => {
      for (const button of buttons) {
        button.setAttribute("aria-pressed", String(button === chosen));
        document.getElementById(button.dataset.shows).classList.toggle("off", button !== chosen);
      }
    };
    group.hidden = false;
    for (const button of buttons) button.addEventListener("click", () => choose(button));
    choose(buttons[0]);
  }

  const crosses = [...document.querySelectorAll(".cross")];
  const last = readings.at.length - 1;
  const place = (row) => (readings.at[row] - readings.start) / (readings.end - readings.start);
  const date = new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
  });

  const nearest = (x) => { // rows are in order of time: halve until two are left
    let low = 0;
    let high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (place(middle) < x) low = middle; else high = middle;
    }
    return Math.abs(place(low) - x) <= Math.abs(place(high) - x) ? low : high;
  };

  const fillsNear = (name, x) => {
    const fills = readings.fills[name];
    if (!fills) return [];
    const near = [];
    for (let i = 0; i < fills.x.length; i += 1) {
      const away = Math.abs(fills.x[i] / 1000 - x);
      if (away < 0.006) near.push([away, fills.text[i]]);
    }
    return near.sort((a, b) => a[0] - b[0]).slice(0, 2).map((pair) => pair[1]);
  };

  const told = (cross, row) => {
    const parts = [`${date.format(readings.at[row])} UTC`];
    for (const name of cross.dataset.series.split(" ").filter(Boolean)) {
      const series = readings.series[name];
      const value = series.values[row];
      if (value === null) continue;
      const text = value.toLocaleString("en-US", {
        minimumFractionDigits: series.places, maximumFractionDigits: series.places,
      }).replace("-", "\u2212");
      parts.push(`${series.label} ${text}${series.unit ? ` ${series.unit}` : ""}`);
    }
    return parts.concat(fillsNear(cross.dataset.fills, place(row)));
  };

  const show = (row, focused) => {
    for (const cross of crosses) {
      const text = told(cross, row).join("  ·  ");
      cross.firstChild.style.left = `${place(row) * 100}%`;
      cross.classList.add("on");
      cross.setAttribute("aria-valuenow", String(row));
      if (cross === focused) cross.setAttribute("aria-valuetext", text);
      document.getElementById(cross.dataset.read).textContent = text;
    }
  };
  const hide = () => {
    for (const cross of crosses) {
      cross.classList.remove("on");
      document.getElementById(cross.dataset.read).textContent = "";
    }
  };

  const keys = { ArrowLeft: -1, ArrowRight: 1, PageDown: -30, PageUp: 30, Home: -Infinity, End: Infinity };
  for (const cross of crosses) {
    const follow = (event) => {
      const box = cross.getBoundingClientRect();
      show(nearest((event.clientX - box.left) / box.width), cross);
    };
    cross.addEventListener("pointermove", follow);
    cross.addEventListener("pointerdown", follow);
    cross.addEventListener("pointerleave", hide);
    cross.addEventListener("blur", hide);
    cross.addEventListener("keydown", (event) => {
      if (!(event.key in keys)) return;
      event.preventDefault();
      const row = Number(cross.getAttribute("aria-valuenow")) + keys[event.key];
      show(Math.min(last, Math.max(0, row)), cross);
    });
  }
})();
