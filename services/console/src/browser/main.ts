import { App } from "./app.ts";

const place = document.getElementById("shell");
if (place !== null) await new App(place).start();
