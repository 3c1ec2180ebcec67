; What .tsx has beyond typescript.scm.

(jsx_text) @text
