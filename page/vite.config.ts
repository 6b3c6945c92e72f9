// Builds the page into the Python package. File names hold no hash, so that a
// rebuild changes only what changed; the server sends them with an ETag.

import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

/** KaTeX offers each font in three formats; every browser that runs the page reads woff2. */
function onlyWoff2(): Plugin {
  const others = /,url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)/g;
  return {
    name: "only-woff2",
    enforce: "pre",
    transform: (code, id) => (id.includes("katex") && id.endsWith(".css") ? code.replace(others, "") : null),
  };
}

/** What is owed to those whose work is in the built files. */
function licences(): Plugin {
  const katex = readFileSync("node_modules/katex/LICENSE", "utf8");
  const text = `Files in this folder hold work of others.

shared.js and shared.css hold KaTeX (https://katex.org), under the licence below.

fonts/ holds the fonts of KaTeX, Copyright (c) 2009-2010 Design Science, Inc., Copyright
(c) 2014-2018 Khan Academy, each with its own name as Reserved Font Name, unchanged, under
the SIL Open Font License, Version 1.1 (https://openfontlicense.org), as is written in them.

${katex}`;
  return {
    name: "licences",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "LICENSES.txt", source: text });
    },
  };
}

export default defineConfig({
  base: "/",
  plugins: [onlyWoff2(), licences()],
  build: {
    outDir: "../src/surefoot/web/static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the page's content policy allows no data: URL
    modulePreload: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: { page: "index.html", admin: "admin.html" },
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        assetFileNames: ({ names }) => (names[0]?.endsWith(".woff2") ? "fonts/[name][extname]" : "[name][extname]"),
        codeSplitting: { groups: [{ name: "shared", minShareCount: 2 }] },
      },
    },
  },
});
