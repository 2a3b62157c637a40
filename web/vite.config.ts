import { defineConfig } from 'vite';

// One page for both hosts: every address is relative, nothing is inlined (the content security policy forbids data: scripts
// and styles), and nothing is fetched from anywhere but the folder the page came from.
export default defineConfig({
    base: './',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
        target: 'es2023',
        outDir: 'dist',
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
    },
    worker: { format: 'es' },
});
