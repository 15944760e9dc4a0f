import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The page runs under a strict Content-Security-Policy: nothing inline, nothing from elsewhere.
export default defineConfig({
  plugins: [react()],
  // The test runner brings an older React of its own to the workspace's root.
  resolve: { dedupe: ['react', 'react-dom'] },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
  },
  worker: { format: 'es' },
});
