import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { hashManifest } from './manifest.ts'

export default defineConfig({
  plugins: [react(), hashManifest()],
  base: './',
  build: {
    outDir: '../static',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false }, // it would be a script in the page, which the CSP refuses
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    proxy: { '/api': process.env['SKAL_URL'] ?? 'http://127.0.0.1:8765' },
  },
})
