// Light or dark: as the system says, until the visitor chooses.

import { $ } from "./dom.js";

const KEY = "semid-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function paint(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = theme === "dark" ? "Light theme" : "Dark theme";
}

const current = () => stored() ?? (dark.matches ? "dark" : "light");

export function start() {
  paint(current());
  dark.addEventListener("change", () => paint(current()));
  $("theme").addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    paint(theme);
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // It is not remembered.
    }
  });
}
