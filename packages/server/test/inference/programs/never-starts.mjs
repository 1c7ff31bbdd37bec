// In the place of a runner: it lives, and does nothing that a runner does.
setInterval(() => {}, 1000);
