//! The only script of the documentation: it adds a button to each block of code that copies it. Pages work without it, and
//! then have no button that does nothing. It is part of the page, so that the page's policy can name its hash.

/// The script. What it adds is styled by `docs.css`.
pub const COPY_SCRIPT: &str = r#"for (const block of document.querySelectorAll("[data-copy]")) {
  const code = block.querySelector("code"), button = document.createElement("button");
  const show = (text) => { button.textContent = text; };
  button.type = "button";
  button.className = "copy";
  button.setAttribute("aria-live", "polite");
  show("Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      show("Copied");
    } catch {
      getSelection().selectAllChildren(code);
      show("Selected");
    }
    setTimeout(show, 2000, "Copy");
  });
  block.append(button);
}"#;

/// Adds the script to a document in which there is something to copy.
pub(crate) fn with_script(html: String) -> String {
    if has_script(&html) {
        html.replacen("</body>", &format!("<script>{COPY_SCRIPT}</script></body>"), 1)
    } else {
        html
    }
}

/// Whether a document of the documentation has the script.
pub fn has_script(html: &str) -> bool {
    html.contains(" data-copy>")
}
