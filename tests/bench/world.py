"""What the benchmark runs against: nginx on loopback under a CA of its own, a private D-Bus with
a private keyring, and a hallpass that is signed in. Everything lives in one temporary folder and
ends, by process id, when the `World` is closed."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOKEN = "bench-access-token-0123456789abcdef0123456789abcdef"
REFRESH_TOKEN = "bench-refresh-token-0123456789abcdef"
SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
GIB = 1 << 30


class Missing(Exception):
    """A tool that this machine does not have, or that did not come up."""


def need(tool):
    path = shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/sbin")
    if path is None:
        raise Missing(f"{tool} is not installed")
    return path


class World:
    """Context manager; `env` is what every measured program gets."""

    def __init__(self, hallpass, big_bytes=GIB):
        self.hallpass = hallpass
        self.big_bytes = big_bytes
        self.children = []
        # A socket path has 108 bytes at most, so the folder's name stays short.
        self.folder = tempfile.mkdtemp(prefix="hpb-")
        self.sink = tempfile.mkdtemp(prefix="hpb-", dir="/dev/shm") if self._shm_has_room() else (
            self.path("sink"))
        os.makedirs(self.sink, exist_ok=True)
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": self.make("home"),
            "LANG": "C.UTF-8",
            "XDG_DATA_HOME": self.make("home/data"),
            "XDG_CONFIG_HOME": self.make("home/config"),
            "XDG_CACHE_HOME": self.make("home/cache"),
            "XDG_STATE_HOME": self.make("home/state"),
            "XDG_RUNTIME_DIR": self.make("run"),
            "HALLPASS_CONFIG_DIR": self.make("hallpass/config"),
            "HALLPASS_STATE_DIR": self.make("hallpass/state"),
            "HALLPASS_CACHE_DIR": self.make("hallpass/cache"),
        }

    def __enter__(self):
        try:
            self._authority()
            self._nginx()
            self._keyring()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.sink, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name):
        path = self.path(name)
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def write(self, name, text):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def _shm_has_room(self):
        try:
            stat = os.statvfs("/dev/shm")
        except OSError:
            return False
        return stat.f_bavail * stat.f_frsize > 2 * self.big_bytes

    def start(self, argv, **options):
        """A server of ours, remembered so that it is stopped."""
        path = self.path(os.path.basename(argv[0]) + ".log")
        with open(path, "ab") as log:
            child = subprocess.Popen(argv, env=self.env, stdout=log, stderr=log, **options)
        child.log = path
        self.children.append(child)
        return child

    def run(self, argv, stdin=None):
        """A set-up step that must work."""
        done = subprocess.run(
            argv, env=self.env, input=stdin, capture_output=True, timeout=60, check=False)
        if done.returncode:
            raise Missing(f"{' '.join(argv)}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    # A chain of three, P-256, as public servers have it; beside it the system's roots, because
    # loading those is most of what a short-lived TLS client does.
    def _authority(self):
        openssl = need("openssl")
        extension = {
            "root": "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign",
            "middle": "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign",
            "leaf": "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n"
                    "subjectAltName=DNS:localhost,IP:127.0.0.1",
        }
        signer = None
        for name, text in extension.items():
            self.write(f"{name}.ext", text + "\n")
            self.run([openssl, "req", "-new", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN=bench {name}",
                      "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.csr")])
            by = (["-CA", self.path(f"{signer}.pem"), "-CAkey", self.path(f"{signer}.key"),
                   "-CAcreateserial"] if signer else ["-signkey", self.path(f"{name}.key")])
            self.run([openssl, "x509", "-req", "-days", "2", "-in", self.path(f"{name}.csr"),
                      "-extfile", self.path(f"{name}.ext"), "-out", self.path(f"{name}.pem"), *by])
            signer = name
        with open(self.path("chain.pem"), "wb") as chain:
            for name in ("leaf", "middle"):
                chain.write(open(self.path(f"{name}.pem"), "rb").read())
        system = next((b for b in SYSTEM_BUNDLES if os.path.exists(b)), None)
        with open(self.path("bundle.pem"), "wb") as bundle:
            bundle.write(open(self.path("root.pem"), "rb").read())
            if system:
                bundle.write(open(system, "rb").read())
        self.one_ca = self.path("root.pem")
        self.env["SSL_CERT_FILE"] = self.path("bundle.pem")

    def _nginx(self):
        nginx = need("nginx")
        self.http1, self.http2, self.sink_port = free_ports(3)
        www = self.make("www")
        os.chmod(self.folder, 0o755)
        with open(os.path.join(www, "json"), "w", encoding="utf-8") as file:
            json.dump({"id": 42, "name": "ada", "items": list(range(40))}, file)
        for name, size in ("big", self.big_bytes), ("huge", 10 * self.big_bytes):
            with open(os.path.join(www, name), "wb") as file:
                file.truncate(size)
        for folder in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
            self.make("nginx/" + folder)
        self.write("nginx/nginx.conf", self._nginx_configuration(www))
        child = self.start([nginx, "-p", self.path("nginx"), "-c", self.path("nginx/nginx.conf"),
                            "-e", "stderr"])
        for port in (self.http1, self.http2):
            wait_for(lambda port=port: connects(port), child)
        here = os.path.dirname(os.path.abspath(__file__))
        child = self.start([sys.executable, os.path.join(here, "sink.py"), str(self.sink_port)])
        wait_for(lambda: connects(self.sink_port), child)

    def _nginx_configuration(self, www):
        pages = "\n".join(
            f"{n} '<https://localhost:$server_port/pages?page={n + 1}>; rel=\"next\"';"
            for n in range(1, 100))
        user = "user root;" if os.geteuid() == 0 else ""
        answer = json.dumps({
            "access_token": TOKEN, "token_type": "Bearer", "expires_in": 86400,
            "refresh_token": REFRESH_TOKEN})
        here = "https://localhost:$server_port/"
        metadata = json.dumps({
            "issuer": here, "authorization_endpoint": here + "authorize",
            "token_endpoint": here + "token", "jwks_uri": here + "jwks",
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "id_token_signing_alg_values_supported": ["ES256"], "scopes_supported": ["openid"]})
        # DAV lets nginx take a PUT in full and answer after it: `return` would answer before.
        server = f"""
            server_name localhost;
            ssl_certificate {self.path('chain.pem')};
            ssl_certificate_key {self.path('leaf.key')};
            ssl_protocols TLSv1.3;
            root {www};
            default_type application/json;
            location /json {{ if ($granted = 0) {{ return 401; }} }}
            location /big {{ if ($granted = 0) {{ return 401; }} }}
            location /huge {{ if ($granted = 0) {{ return 401; }} }}
            location /nowhere {{
                if ($granted = 0) {{ return 401; }}
                proxy_pass http://127.0.0.1:{self.sink_port};
                proxy_request_buffering off;
                proxy_http_version 1.1;
                client_max_body_size 0;
            }}
            location /pages {{
                if ($granted = 0) {{ return 401; }}
                add_header Link $next_page;
                return 200 '[{{"id":"$arg_page"}}]';
            }}
            location /upload {{
                if ($granted = 0) {{ return 401; }}
                root {self.sink};
                dav_methods PUT;
                create_full_put_path on;
                client_max_body_size 0;
            }}
            location = /token {{ return 200 '{answer}'; }}
            location = /.well-known/openid-configuration {{ return 200 '{metadata}'; }}
        """
        return f"""
            daemon off; worker_processes 2; {user}
            pid {self.path('nginx/pid')};
            events {{ worker_connections 2048; }}
            http {{
                access_log off; sendfile on; tcp_nopush on;
                keepalive_requests 10000000; keepalive_timeout 60s;
                client_body_temp_path {self.sink};
                proxy_temp_path {self.path('nginx/proxy')};
                fastcgi_temp_path {self.path('nginx/fastcgi')};
                uwsgi_temp_path {self.path('nginx/uwsgi')};
                scgi_temp_path {self.path('nginx/scgi')};
                map_hash_bucket_size 256;
                map $http_authorization $granted {{ default 0; "Bearer {TOKEN}" 1; }}
                map $arg_page $next_page {{ default '';
                    {pages} }}
                server {{ listen 127.0.0.1:{self.http1} ssl; {server} }}
                server {{ listen 127.0.0.1:{self.http2} ssl http2; {server} }}
            }}
        """

    def _keyring(self):
        daemon, keyring, tool = need("dbus-daemon"), need("gnome-keyring-daemon"), need(
            "secret-tool")
        address = f"unix:path={self.path('run/bus')}"
        # No service folders: nothing of the person's session can be started from here.
        self.write("bus.conf", f"""<!DOCTYPE busconfig PUBLIC
            "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
            "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>session</type><listen>{address}</listen><auth>EXTERNAL</auth>
            <policy context="default"><allow send_destination="*" eavesdrop="true"/>
            <allow eavesdrop="true"/><allow own="*"/></policy></busconfig>""")
        child = self.start([daemon, "--config-file=" + self.path("bus.conf"), "--nofork"])
        self.env["DBUS_SESSION_BUS_ADDRESS"] = address
        wait_for(lambda: os.path.exists(self.path("run/bus")), child)
        child = self.start([keyring, "--foreground", "--unlock", "--components=secrets"],
                           stdin=subprocess.PIPE)
        child.stdin.write(b"bench")
        child.stdin.close()
        store = [tool, "store", "--label=bench", "service", "bench", "account", "ada"]
        wait_for(lambda: subprocess.run(
            store, env=self.env, input=TOKEN.encode(), capture_output=True, check=False,
            timeout=30).returncode == 0, child)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def wait_for(ready, child, seconds=20):
    """Polls: these daemons have no other way to say that they are up."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end or child.poll() is not None:
            with open(child.log, encoding="utf-8", errors="replace") as log:
                raise Missing(f"{child.args[0]} did not come up: {log.read(2000).strip()}")
        time.sleep(0.05)
