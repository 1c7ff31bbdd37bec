#!/usr/bin/env node
// Committed, because npm links no bin whose file is absent, and the build comes after the install.
import '../dist/main.js';
