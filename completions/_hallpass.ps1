
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'hallpass' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'hallpass'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'hallpass' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in to a service and keep the session')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Revoke a session at its server and delete it here')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show every session: account, scope, time left, store')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print a valid access token and nothing else')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Make one authenticated request')
            [CompletionResult]::new('batch', 'batch', [CompletionResultType]::ParameterValue, 'Send many requests at once, one a line')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with fresh tokens in its environment')
            [CompletionResult]::new('userinfo', 'userinfo', [CompletionResultType]::ParameterValue, 'Show who is signed in (OpenID Connect UserInfo)')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Decode a JWT offline: header, claims, times in words')
            [CompletionResult]::new('providers', 'providers', [CompletionResultType]::ParameterValue, 'List the presets and how to register a client with each')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a service')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the services')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one service and where each value comes from')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change a service')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a service')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Run the whole journey here: no account, no network')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Find out why it does not work, and what to do')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Show, choose or move the store that keeps sessions')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write man pages into a folder')
            break
        }
        'hallpass;login' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--flow', '--flow', [CompletionResultType]::ParameterName, 'How to sign in; by default what fits this machine and the server')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the person: 90s, 5m')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Scope to ask for in place of the service''s, words with spaces')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'Resource the token is for (RFC 8707); kept with the service')
            [CompletionResult]::new('--param', '--param', [CompletionResultType]::ParameterName, 'A further parameter of the authorization request: prompt=login, login_hint=ada')
            [CompletionResult]::new('--acr', '--acr', [CompletionResultType]::ParameterName, 'Authentication contexts to ask for (acr_values)')
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'Seconds since the person last proved who they are, at most')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the redirect URI, where the server wants the registered one')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Path of the redirect URI')
            [CompletionResult]::new('--redirect-host', '--redirect-host', [CompletionResultType]::ParameterName, 'Host of the redirect URI')
            [CompletionResult]::new('--client-id', '--client-id', [CompletionResultType]::ParameterName, 'Client ID, for a service that has none yet')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Do not open a browser, only print the address')
            [CompletionResult]::new('--with-token', '--with-token', [CompletionResultType]::ParameterName, 'Take an access token (or a token response in JSON) from stdin')
            [CompletionResult]::new('--client-secret-stdin', '--client-secret-stdin', [CompletionResultType]::ParameterName, 'Read the client secret from stdin and keep it in the token store')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;logout' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every account of the service, or every session where no service is named')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hallpass;status' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How results look')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;token' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--min-ttl', '--min-ttl', [CompletionResultType]::ParameterName, 'Lifetime it must have left: 90s, 5m, 2h')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'How it is printed')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('--refresh', '--refresh', [CompletionResultType]::ParameterName, 'Renew it even if it is still good')
            [CompletionResult]::new('--id-token', '--id-token', [CompletionResultType]::ParameterName, 'The ID Token in place of the access token')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;call' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Method')
            [CompletionResult]::new('--request', '--request', [CompletionResultType]::ParameterName, 'Method')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Header `Name: value`; `Name:` takes one out, `Name;` sends it empty, @FILE reads lines')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Header `Name: value`; `Name:` takes one out, `Name;` sends it empty, @FILE reads lines')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Body, as a form is sent; @FILE reads it, several are joined with &')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Body, as a form is sent; @FILE reads it, several are joined with &')
            [CompletionResult]::new('--data-raw', '--data-raw', [CompletionResultType]::ParameterName, 'Body as it stands; @ means nothing')
            [CompletionResult]::new('--data-binary', '--data-binary', [CompletionResultType]::ParameterName, 'Body with every byte of @FILE')
            [CompletionResult]::new('--data-urlencode', '--data-urlencode', [CompletionResultType]::ParameterName, 'Body, encoded: text, =text, name=text, @FILE, name@FILE')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'JSON body, with Content-Type and Accept; @FILE reads it')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Part of multipart/form-data: name=text, name=@FILE;type=…, name=<FILE')
            [CompletionResult]::new('--form', '--form', [CompletionResultType]::ParameterName, 'Part of multipart/form-data: name=text, name=@FILE;type=…, name=<FILE')
            [CompletionResult]::new('--form-string', '--form-string', [CompletionResultType]::ParameterName, 'Part whose text means nothing')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'Upload a file, - for stdin')
            [CompletionResult]::new('--upload-file', '--upload-file', [CompletionResultType]::ParameterName, 'Upload a file, - for stdin')
            [CompletionResult]::new('--url-query', '--url-query', [CompletionResultType]::ParameterName, 'Add to the URL''s query, encoded as with --data-urlencode')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Byte range, 0-499')
            [CompletionResult]::new('--range', '--range', [CompletionResultType]::ParameterName, 'Byte range, 0-499')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'User-Agent')
            [CompletionResult]::new('--user-agent', '--user-agent', [CompletionResultType]::ParameterName, 'User-Agent')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Referer')
            [CompletionResult]::new('--referer', '--referer', [CompletionResultType]::ParameterName, 'Referer')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Cookie header `name=value`')
            [CompletionResult]::new('--cookie', '--cookie', [CompletionResultType]::ParameterName, 'Cookie header `name=value`')
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'The URL, where it is not a word')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to FILE, which takes its name when it is whole; - for stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to FILE, which takes its name when it is whole; - for stdout')
            [CompletionResult]::new('--output-dir', '--output-dir', [CompletionResultType]::ParameterName, 'Folder for -o and -O')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Go on with a download where it broke off')
            [CompletionResult]::new('--continue-at', '--continue-at', [CompletionResultType]::ParameterName, 'Go on with a download where it broke off')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Print this at the end: %{http_code}, %{time_total}, %{json}, …')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Print this at the end: %{http_code}, %{time_total}, %{json}, …')
            [CompletionResult]::new('--max-redirs', '--max-redirs', [CompletionResultType]::ParameterName, 'Redirects at most; -1 for any number')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Seconds for everything')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Seconds for everything')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Seconds for connecting')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Try again so often after trouble that may pass; only what is safe to repeat')
            [CompletionResult]::new('--retry-delay', '--retry-delay', [CompletionResultType]::ParameterName, 'Seconds between tries, where the server does not say')
            [CompletionResult]::new('--retry-max-time', '--retry-max-time', [CompletionResultType]::ParameterName, 'Seconds for all tries together')
            [CompletionResult]::new('--allow-origin', '--allow-origin', [CompletionResultType]::ParameterName, 'Let the token go to this origin too')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file only')
            [CompletionResult]::new('-E', '-E ', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Its key (PEM)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Proxy: http://, https://, socks5://, socks5h://; '''' for none')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Proxy: http://, https://, socks5://, socks5h://; '''' for none')
            [CompletionResult]::new('--noproxy', '--noproxy', [CompletionResultType]::ParameterName, 'Hosts without a proxy')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'proto')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'u')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'user')
            [CompletionResult]::new('--oauth2-bearer', '--oauth2-bearer', [CompletionResultType]::ParameterName, 'oauth2-bearer')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'c')
            [CompletionResult]::new('--cookie-jar', '--cookie-jar', [CompletionResultType]::ParameterName, 'cookie-jar')
            [CompletionResult]::new('-K', '-K ', [CompletionResultType]::ParameterName, 'K')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'config')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-G', '-G ', [CompletionResultType]::ParameterName, 'Put -d into the URL''s query')
            [CompletionResult]::new('--get', '--get', [CompletionResultType]::ParameterName, 'Put -d into the URL''s query')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Ask for the headers only')
            [CompletionResult]::new('--head', '--head', [CompletionResultType]::ParameterName, 'Ask for the headers only')
            [CompletionResult]::new('--compressed', '--compressed', [CompletionResultType]::ParameterName, 'Ask for a compressed answer and unpack it')
            [CompletionResult]::new('--urlencoded', '--urlencoded', [CompletionResultType]::ParameterName, 'Items become a form in place of JSON')
            [CompletionResult]::new('--multipart', '--multipart', [CompletionResultType]::ParameterName, 'Items become multipart/form-data in place of JSON')
            [CompletionResult]::new('-O', '-O ', [CompletionResultType]::ParameterName, 'Write to a file named as in the URL')
            [CompletionResult]::new('--remote-name', '--remote-name', [CompletionResultType]::ParameterName, 'Write to a file named as in the URL')
            [CompletionResult]::new('--create-dirs', '--create-dirs', [CompletionResultType]::ParameterName, 'Create the folders of -o')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Status and headers first')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Status and headers first')
            [CompletionResult]::new('--show-headers', '--show-headers', [CompletionResultType]::ParameterName, 'Status and headers first')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'No body on 4xx and 5xx')
            [CompletionResult]::new('--fail', '--fail', [CompletionResultType]::ParameterName, 'No body on 4xx and 5xx')
            [CompletionResult]::new('--fail-with-body', '--fail-with-body', [CompletionResultType]::ParameterName, 'The default; here because curl has it')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'No progress, no notices, no word about failed requests')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'No progress, no notices, no word about failed requests')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'With -s, still say what failed')
            [CompletionResult]::new('--show-error', '--show-error', [CompletionResultType]::ParameterName, 'With -s, still say what failed')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow redirects; the token stays within the service''s origins')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Follow redirects; the token stays within the service''s origins')
            [CompletionResult]::new('--post301', '--post301', [CompletionResultType]::ParameterName, 'Stay with POST after a 301')
            [CompletionResult]::new('--post302', '--post302', [CompletionResultType]::ParameterName, 'Stay with POST after a 302')
            [CompletionResult]::new('--post303', '--post303', [CompletionResultType]::ParameterName, 'Stay with POST after a 303')
            [CompletionResult]::new('--retry-all-errors', '--retry-all-errors', [CompletionResultType]::ParameterName, 'Try again after any error')
            [CompletionResult]::new('--retry-unsafe', '--retry-unsafe', [CompletionResultType]::ParameterName, 'Try again also what may then be done twice')
            [CompletionResult]::new('--retry-connrefused', '--retry-connrefused', [CompletionResultType]::ParameterName, 'A refused connection is tried again anyway')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'No certificate check; the token goes to loopback only, unless the service allows more')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'No certificate check; the token goes to loopback only, unless the service allows more')
            [CompletionResult]::new('--http1.1', '--http1.1', [CompletionResultType]::ParameterName, 'HTTP/1.1 only')
            [CompletionResult]::new('--http2', '--http2', [CompletionResultType]::ParameterName, 'The default; here because curl has it')
            [CompletionResult]::new('--http2-prior-knowledge', '--http2-prior-knowledge', [CompletionResultType]::ParameterName, 'HTTP/2 without asking first')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'IPv4 only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'IPv4 only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'IPv6 only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'IPv6 only')
            [CompletionResult]::new('-N', '-N ', [CompletionResultType]::ParameterName, 'N')
            [CompletionResult]::new('--no-buffer', '--no-buffer', [CompletionResultType]::ParameterName, 'no-buffer')
            [CompletionResult]::new('-g', '-g', [CompletionResultType]::ParameterName, 'g')
            [CompletionResult]::new('--globoff', '--globoff', [CompletionResultType]::ParameterName, 'globoff')
            [CompletionResult]::new('-#', '-#', [CompletionResultType]::ParameterName, '#')
            [CompletionResult]::new('--progress-bar', '--progress-bar', [CompletionResultType]::ParameterName, 'progress-bar')
            [CompletionResult]::new('--no-progress-meter', '--no-progress-meter', [CompletionResultType]::ParameterName, 'no-progress-meter')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'q')
            [CompletionResult]::new('--disable', '--disable', [CompletionResultType]::ParameterName, 'disable')
            [CompletionResult]::new('--tlsv1.2', '--tlsv1.2', [CompletionResultType]::ParameterName, 'tlsv1.2')
            [CompletionResult]::new('--location-trusted', '--location-trusted', [CompletionResultType]::ParameterName, 'location-trusted')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'n')
            [CompletionResult]::new('--netrc', '--netrc', [CompletionResultType]::ParameterName, 'netrc')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;batch' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'Method of requests that name none')
            [CompletionResult]::new('--request', '--request', [CompletionResultType]::ParameterName, 'Method of requests that name none')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Header of every request; a request''s own come over it')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Header of every request; a request''s own come over it')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Requests under way at once (otherwise 50 over HTTP/2, 8 over HTTP/1.1)')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Keep a journal in FILE; a second run leaves out what was answered')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Attempts after the first, where repeating is safe')
            [CompletionResult]::new('--max-wait', '--max-wait', [CompletionResultType]::ParameterName, 'Longest pause that a rate limit may ask for')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Longest time for one attempt')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Longest time for one attempt')
            [CompletionResult]::new('--allow-origin', '--allow-origin', [CompletionResultType]::ParameterName, 'Let the token go to this origin too')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file only')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Proxy: http://, https://, socks5://, socks5h://; '''' for none')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Proxy: http://, https://, socks5://, socks5h://; '''' for none')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Put the answers'' headers into the records')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Put the answers'' headers into the records')
            [CompletionResult]::new('--unordered', '--unordered', [CompletionResultType]::ParameterName, 'Records as they come, not in the order of the input')
            [CompletionResult]::new('--fail-fast', '--fail-fast', [CompletionResultType]::ParameterName, 'Begin nothing more after the first failure')
            [CompletionResult]::new('--retry-unsafe', '--retry-unsafe', [CompletionResultType]::ParameterName, 'Repeat also what may be done twice then (POST, PATCH)')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'No certificate check; the token goes to loopback only, unless the service allows more')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'No certificate check; the token goes to loopback only, unless the service allows more')
            [CompletionResult]::new('--http1.1', '--http1.1', [CompletionResultType]::ParameterName, 'HTTP/1.1 only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;exec' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'The variable; with several services SERVICE=NAME')
            [CompletionResult]::new('--min-ttl', '--min-ttl', [CompletionResultType]::ParameterName, 'Lifetime each token must have left: 90s, 5m, 2h')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;userinfo' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hallpass;inspect' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to print it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('--id-token', '--id-token', [CompletionResultType]::ParameterName, 'The ID Token in place of the access token')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;providers' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How results look')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;add' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'Preset to start from (`hallpass providers`)')
            [CompletionResult]::new('--var', '--var', [CompletionResultType]::ParameterName, 'A value of the preset''s variables: tenant, host, realm')
            [CompletionResult]::new('--issuer', '--issuer', [CompletionResultType]::ParameterName, 'Issuer identifier; endpoints are discovered from it')
            [CompletionResult]::new('--authorization-endpoint', '--authorization-endpoint', [CompletionResultType]::ParameterName, 'Where the browser is sent to')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Where tokens come from')
            [CompletionResult]::new('--device-authorization-endpoint', '--device-authorization-endpoint', [CompletionResultType]::ParameterName, 'Where a sign-in on another device begins')
            [CompletionResult]::new('--revocation-endpoint', '--revocation-endpoint', [CompletionResultType]::ParameterName, 'Where tokens are revoked')
            [CompletionResult]::new('--userinfo-endpoint', '--userinfo-endpoint', [CompletionResultType]::ParameterName, 'Where UserInfo is')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Scope to ask for, words with spaces')
            [CompletionResult]::new('--api-base-url', '--api-base-url', [CompletionResultType]::ParameterName, 'What relative URLs of `call` are appended to')
            [CompletionResult]::new('--audience', '--audience', [CompletionResultType]::ParameterName, 'A further origin that may see the token')
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'Any other key of a service, as in config.toml')
            [CompletionResult]::new('--client-id', '--client-id', [CompletionResultType]::ParameterName, 'Client ID')
            [CompletionResult]::new('--client-secret', '--client-secret', [CompletionResultType]::ParameterName, '`-` is what --client-secret-stdin is; nothing else is taken')
            [CompletionResult]::new('--client-secret-env', '--client-secret-env', [CompletionResultType]::ParameterName, 'Read the client secret from this variable at every use')
            [CompletionResult]::new('--client-secret-file', '--client-secret-file', [CompletionResultType]::ParameterName, 'Read the client secret from this file at every use')
            [CompletionResult]::new('--client-secret-command', '--client-secret-command', [CompletionResultType]::ParameterName, 'Read the client secret from this command''s output at every use; no shell')
            [CompletionResult]::new('--token-endpoint-auth-method', '--token-endpoint-auth-method', [CompletionResultType]::ParameterName, 'How the client authenticates at the token endpoint')
            [CompletionResult]::new('--redirect-port', '--redirect-port', [CompletionResultType]::ParameterName, 'Port of the loopback redirect URI, where the server wants a fixed one')
            [CompletionResult]::new('--redirect-path', '--redirect-path', [CompletionResultType]::ParameterName, 'Path of the loopback redirect URI')
            [CompletionResult]::new('--from-authlib', '--from-authlib', [CompletionResultType]::ParameterName, 'A call of Authlib''s register(), as Python or JSON; `-` is stdin')
            [CompletionResult]::new('--from-google', '--from-google', [CompletionResultType]::ParameterName, 'The JSON file that Google Cloud offers for download; `-` is stdin')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('--client-secret-stdin', '--client-secret-stdin', [CompletionResultType]::ParameterName, 'Read the client secret from stdin, or ask for it, and keep it in the token store')
            [CompletionResult]::new('--no-discover', '--no-discover', [CompletionResultType]::ParameterName, 'Do not ask the issuer what it offers')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a service of that name')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hallpass;list' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How results look')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('--names', '--names', [CompletionResultType]::ParameterName, 'Names only, those of providers included')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;show' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How results look')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'Where each value comes from')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;edit' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--unset', '--unset', [CompletionResultType]::ParameterName, 'Take a key out of config.toml, so that the preset''s value counts again')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'Preset to start from (`hallpass providers`)')
            [CompletionResult]::new('--var', '--var', [CompletionResultType]::ParameterName, 'A value of the preset''s variables: tenant, host, realm')
            [CompletionResult]::new('--issuer', '--issuer', [CompletionResultType]::ParameterName, 'Issuer identifier; endpoints are discovered from it')
            [CompletionResult]::new('--authorization-endpoint', '--authorization-endpoint', [CompletionResultType]::ParameterName, 'Where the browser is sent to')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Where tokens come from')
            [CompletionResult]::new('--device-authorization-endpoint', '--device-authorization-endpoint', [CompletionResultType]::ParameterName, 'Where a sign-in on another device begins')
            [CompletionResult]::new('--revocation-endpoint', '--revocation-endpoint', [CompletionResultType]::ParameterName, 'Where tokens are revoked')
            [CompletionResult]::new('--userinfo-endpoint', '--userinfo-endpoint', [CompletionResultType]::ParameterName, 'Where UserInfo is')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'Scope to ask for, words with spaces')
            [CompletionResult]::new('--api-base-url', '--api-base-url', [CompletionResultType]::ParameterName, 'What relative URLs of `call` are appended to')
            [CompletionResult]::new('--audience', '--audience', [CompletionResultType]::ParameterName, 'A further origin that may see the token')
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'Any other key of a service, as in config.toml')
            [CompletionResult]::new('--client-id', '--client-id', [CompletionResultType]::ParameterName, 'Client ID')
            [CompletionResult]::new('--client-secret', '--client-secret', [CompletionResultType]::ParameterName, '`-` is what --client-secret-stdin is; nothing else is taken')
            [CompletionResult]::new('--client-secret-env', '--client-secret-env', [CompletionResultType]::ParameterName, 'Read the client secret from this variable at every use')
            [CompletionResult]::new('--client-secret-file', '--client-secret-file', [CompletionResultType]::ParameterName, 'Read the client secret from this file at every use')
            [CompletionResult]::new('--client-secret-command', '--client-secret-command', [CompletionResultType]::ParameterName, 'Read the client secret from this command''s output at every use; no shell')
            [CompletionResult]::new('--token-endpoint-auth-method', '--token-endpoint-auth-method', [CompletionResultType]::ParameterName, 'How the client authenticates at the token endpoint')
            [CompletionResult]::new('--redirect-port', '--redirect-port', [CompletionResultType]::ParameterName, 'Port of the loopback redirect URI, where the server wants a fixed one')
            [CompletionResult]::new('--redirect-path', '--redirect-path', [CompletionResultType]::ParameterName, 'Path of the loopback redirect URI')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('--client-secret-stdin', '--client-secret-stdin', [CompletionResultType]::ParameterName, 'Read the client secret from stdin, or ask for it, and keep it in the token store')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hallpass;remove' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('--sign-out', '--sign-out', [CompletionResultType]::ParameterName, 'Sign out of its sessions without asking')
            [CompletionResult]::new('--keep-sessions', '--keep-sessions', [CompletionResultType]::ParameterName, 'Leave its sessions in the store')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hallpass;demo' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'With --serve: port to listen on, by default any free one')
            [CompletionResult]::new('--lifetime', '--lifetime', [CompletionResultType]::ParameterName, 'With --serve: seconds an access token lives')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Walk through the consent page without a browser')
            [CompletionResult]::new('--serve', '--serve', [CompletionResultType]::ParameterName, 'Serve the provider and API until interrupted; prints a [service.demo] table for config.toml')
            [CompletionResult]::new('--grant', '--grant', [CompletionResultType]::ParameterName, 'With --serve: grant every valid request without showing the consent page')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;doctor' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How results look')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;store' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show which store is in use')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Use a store from now on; sessions stay where they are')
            [CompletionResult]::new('move', 'move', [CompletionResultType]::ParameterValue, 'Use a store from now on, and carry every session over')
            break
        }
        'hallpass;store;show' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How results look')
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;store;use' {
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Folder of the encrypted files')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'Key file in place of a passphrase; made where there is none')
            [CompletionResult]::new('--remember', '--remember', [CompletionResultType]::ParameterName, 'How long the unlocked key may rest in the Linux kernel keyring: 15m, 8h')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'How the command is spoken to: hallpass, docker-credential, pass')
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;store;move' {
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Folder of the encrypted files')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'Key file in place of a passphrase; made where there is none')
            [CompletionResult]::new('--remember', '--remember', [CompletionResultType]::ParameterName, 'How long the unlocked key may rest in the Linux kernel keyring: 15m, 8h')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'How the command is spoken to: hallpass, docker-credential, pass')
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;completions' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hallpass;man' {
            [CompletionResult]::new('--error-format', '--error-format', [CompletionResultType]::ParameterName, 'How errors look on stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show requests and responses on stderr, secrets redacted')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything; what would be asked becomes an error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
