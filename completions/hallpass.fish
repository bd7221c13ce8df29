# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_hallpass_global_optspecs
    string join \n v/verbose no-input error-format= h/help V/version
end

function __fish_hallpass_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_hallpass_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_hallpass_using_subcommand
    set -l cmd (__fish_hallpass_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c hallpass -n "__fish_hallpass_needs_command" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_needs_command" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_needs_command" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_needs_command" -s V -l version -d 'Print version'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "login" -d 'Sign in to a service and keep the session'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "logout" -d 'Revoke a session at its server and delete it here'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "status" -d 'Show every session: account, scope, time left, store'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "token" -d 'Print a valid access token and nothing else'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "call" -d 'Make one authenticated request'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "batch" -d 'Send many requests at once, one a line'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "exec" -d 'Run a command with fresh tokens in its environment'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "userinfo" -d 'Show who is signed in (OpenID Connect UserInfo)'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "inspect" -d 'Decode a JWT offline: header, claims, times in words'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "providers" -d 'List the presets and how to register a client with each'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "add" -d 'Add a service'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "list" -d 'List the services'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "show" -d 'Show one service and where each value comes from'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "edit" -d 'Change a service'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "remove" -d 'Remove a service'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "demo" -d 'Run the whole journey here: no account, no network'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "doctor" -d 'Find out why it does not work, and what to do'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "store" -d 'Show, choose or move the store that keeps sessions'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "man" -d 'Write man pages into a folder'
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l flow -d 'How to sign in; by default what fits this machine and the server' -r -f -a "browser\t'Browser and loopback redirect'
device\t'Approve on another device (RFC 8628)'
paste\t'Print an address, take the redirect\'s address back'
client-credentials\t'The client signs in for itself (RFC 6749 §4.4)'"
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l timeout -d 'How long to wait for the person: 90s, 5m' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l scope -d 'Scope to ask for in place of the service\'s, words with spaces' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l resource -d 'Resource the token is for (RFC 8707); kept with the service' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l param -d 'A further parameter of the authorization request: prompt=login, login_hint=ada' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l acr -d 'Authentication contexts to ask for (acr_values)' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l max-age -d 'Seconds since the person last proved who they are, at most' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l port -d 'Port of the redirect URI, where the server wants the registered one' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l path -d 'Path of the redirect URI' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l redirect-host -d 'Host of the redirect URI' -r -f -a "127.0.0.1\t''
[::1]\t''
localhost\t''"
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l client-id -d 'Client ID, for a service that has none yet' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l no-browser -d 'Do not open a browser, only print the address'
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l with-token -d 'Take an access token (or a token response in JSON) from stdin'
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l client-secret-stdin -d 'Read the client secret from stdin and keep it in the token store'
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand logout" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand logout" -l all -d 'Every account of the service, or every session where no service is named'
complete -c hallpass -n "__fish_hallpass_using_subcommand logout" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand logout" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand logout" -s h -l help -d 'Print help'
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -l timeout -d 'How long to wait for the servers: 5s, 1m' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -l format -d 'How results look' -r -f -a "text\t'For people'
json\t'For machines'"
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -l check -d 'Ask each server whether the session still works'
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l min-ttl -d 'Lifetime it must have left: 90s, 5m, 2h' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l as -d 'How it is printed' -r -f -a "token\t'The token alone'
header\t'`Authorization: Bearer …`, for `curl -H @-`'
json\t'Token, type, end, scope and account'"
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l refresh -d 'Renew it even if it is still good'
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l id-token -d 'The ID Token in place of the access token'
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s X -l request -d 'Method' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s H -l header -d 'Header `Name: value`; `Name:` takes one out (Accept stays as */*), `Name;` sends it empty, @FILE reads lines' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s d -l data -d 'Body, as a form is sent; @FILE reads it, several are joined with &' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l data-raw -d 'Body as it stands; @ means nothing' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l data-binary -d 'Body with every byte of @FILE' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l data-urlencode -d 'Body, encoded: text, =text, name=text, @FILE, name@FILE' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l json -d 'JSON body, with Content-Type and Accept; @FILE reads it' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s F -l form -d 'Part of multipart/form-data: name=text, name=@FILE;type=…, name=<FILE' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l form-string -d 'Part whose text means nothing' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s T -l upload-file -d 'Upload a file, - for stdin' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l url-query -d 'Add to the URL\'s query, encoded as with --data-urlencode' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s r -l range -d 'Byte range, 0-499' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s A -l user-agent -d 'User-Agent' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s e -l referer -d 'Referer' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s b -l cookie -d 'Cookie header `name=value`' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l url -d 'The URL, where it is not a word' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s o -l output -d 'Write to FILE, which takes its name when it is whole; - for stdout' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l output-dir -d 'Folder for -o and -O' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s C -l continue-at -d 'Go on with a download where it broke off' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s w -l write-out -d 'Print this at the end: %{http_code}, %{time_total}, %{json}, …' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l jq -d 'Filter with a jq expression; strings come out bare' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l format -d 'Items as a document, lines, a table, or CSV' -r -f -a "json\t'JSON, one document for each'
ndjson\t'One line for each item'
table\t'Columns for people'
csv\t'Comma-separated values (RFC 4180)'"
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l page-style -d 'How the API pages, where neither the service nor its first answer says it' -r -f -a "link\t'Link header, rel=next (RFC 8288)'
next-url\t'URL of the next page in the body'
cursor\t'Cursor in the body, sent back as a parameter'
offset\t'Parameter counts items'
page\t'Parameter counts pages'
hal\t'_links.next.href'
odata\t'@odata.nextLink'
json-api\t'links.next'
graphql\t'pageInfo.endCursor, sent back as a variable'"
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l page-next -d 'Where in a page the next cursor or URL is: .meta.next, .data[-1].id' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l page-param -d 'What takes the cursor, offset or page number: a query parameter, or a member of the body' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l page-items -d 'Where in a page the items are' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l page-from -d 'Begin at this cursor or URL, as printed where an earlier run broke off' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l max-items -d 'Items at most' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l max-pages -d 'Pages at most' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l max-redirs -d 'Redirects at most; -1 for any number' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s m -l max-time -d 'Seconds for everything' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l connect-timeout -d 'Seconds for connecting' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l retry -d 'Try again so often after trouble that may pass; only what is safe to repeat' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l retry-delay -d 'Seconds between tries, where the server does not say' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l retry-max-time -d 'Seconds for all tries together' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l allow-origin -d 'Let the token go to this origin too' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l cacert -d 'Trust the authorities in this PEM file only' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s E -l cert -d 'Client certificate (PEM)' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l key -d 'Its key (PEM)' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s x -l proxy -d 'Proxy: http://, https://, socks5://, socks5h://; \'\' for none' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l noproxy -d 'Hosts without a proxy' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l proto -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s u -l user -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l oauth2-bearer -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s c -l cookie-jar -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s K -l config -r
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s G -l get -d 'Put -d into the URL\'s query'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s I -l head -d 'Ask for the headers only'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l compressed -d 'Ask for a compressed answer and unpack it'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l urlencoded -d 'Items become a form in place of JSON'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l multipart -d 'Items become multipart/form-data in place of JSON'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s O -l remote-name -d 'Write to a file named as in the URL'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l create-dirs -d 'Create the folders of -o'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s i -l include -l show-headers -d 'Status and headers first'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s f -l fail -d 'No body on 4xx and 5xx'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l fail-with-body -d 'The default; here because curl has it'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s s -l silent -d 'No progress, no notices, no word about failed requests'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s S -l show-error -d 'With -s, still say what failed'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l timing -d 'Where the time went, on stderr at the end: token, connection, first byte, transfer, total'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l dry-run -d 'Print the request in place of sending it, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l curl -d 'Print a line with curl that does the same, in place of sending'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l paginate -d 'Follow pages to the last: arrays become one array, documents come one after another'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l slurp -d 'One array of all pages'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s L -l location -d 'Follow redirects; the token stays within the service\'s origins'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l post301 -d 'Stay with POST after a 301'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l post302 -d 'Stay with POST after a 302'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l post303 -d 'Stay with POST after a 303'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l retry-all-errors -d 'Try again after any error'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l retry-unsafe -d 'Try again also what may then be done twice'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l retry-connrefused -d 'A refused connection is tried again anyway'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s k -l insecure -d 'No certificate check; the token goes to loopback only, unless the service allows more'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l http1.1 -d 'HTTP/1.1 only'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l http2 -d 'The default; here because curl has it'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l http2-prior-knowledge -d 'HTTP/2 without asking first'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s 4 -l ipv4 -d 'IPv4 only'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s 6 -l ipv6 -d 'IPv6 only'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s N -l no-buffer
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s g -l globoff
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s # -l progress-bar
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l no-progress-meter
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s q -l disable
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l tlsv1.2
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l location-trusted
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s n -l netrc
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -s X -l request -d 'Method of requests that name none' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -s H -l header -d 'Header of every request; a request\'s own come over it' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l concurrency -d 'Requests under way at once (otherwise 50 over HTTP/2, 8 over HTTP/1.1)' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l resume -d 'Keep a journal in FILE; a second run leaves out what was answered' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l retry -d 'Attempts after the first, where repeating is safe' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l max-wait -d 'Longest pause that a rate limit may ask for' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -s m -l max-time -d 'Longest time for one attempt' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l allow-origin -d 'Let the token go to this origin too' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l cacert -d 'Trust the authorities in this PEM file only' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -s E -l cert -d 'Client certificate (PEM)' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l key -d 'Its key (PEM)' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -s x -l proxy -d 'Proxy: http://, https://, socks5://, socks5h://; \'\' for none' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l noproxy -d 'Hosts without a proxy' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -s i -l include -d 'Put the answers\' headers into the records'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l unordered -d 'Records as they come, not in the order of the input'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l fail-fast -d 'Begin nothing more after the first failure'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l retry-unsafe -d 'Repeat also what may be done twice then (POST, PATCH)'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -s k -l insecure -d 'No certificate check; the token goes to loopback only, unless the service allows more'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l http1.1 -d 'HTTP/1.1 only'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l http2 -d 'The default; here because curl has it'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l http2-prior-knowledge -d 'HTTP/2 without asking first'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -s 4 -l ipv4 -d 'IPv4 only'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -s 6 -l ipv6 -d 'IPv6 only'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand batch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -l env -d 'The variable; with several services SERVICE=NAME' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -l min-ttl -d 'Lifetime each token must have left: 90s, 5m, 2h' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand userinfo" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand userinfo" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand userinfo" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand userinfo" -s h -l help -d 'Print help'
complete -c hallpass -n "__fish_hallpass_using_subcommand inspect" -l format -d 'How to print it' -r -f -a "text\t'For people'
json\t'For machines'"
complete -c hallpass -n "__fish_hallpass_using_subcommand inspect" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand inspect" -l id-token -d 'The ID Token in place of the access token'
complete -c hallpass -n "__fish_hallpass_using_subcommand inspect" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand inspect" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand providers" -l format -d 'How results look' -r -f -a "text\t'For people'
json\t'For machines'"
complete -c hallpass -n "__fish_hallpass_using_subcommand providers" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand providers" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand providers" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand providers" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l provider -d 'Preset to start from (`hallpass providers`)' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l var -d 'A value of the preset\'s variables: tenant, host, realm' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l issuer -d 'Issuer identifier; endpoints are discovered from it' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l authorization-endpoint -d 'Where the browser is sent to' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l token-endpoint -d 'Where tokens come from' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l device-authorization-endpoint -d 'Where a sign-in on another device begins' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l revocation-endpoint -d 'Where tokens are revoked' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l userinfo-endpoint -d 'Where UserInfo is' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l scope -d 'Scope to ask for, words with spaces' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l api-base-url -d 'What relative URLs of `call` are appended to' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l audience -d 'A further origin that may see the token' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l set -d 'Any other key of a service, as in config.toml' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l client-id -d 'Client ID' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l client-secret -d '`-` is what --client-secret-stdin is; nothing else is taken' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l client-secret-env -d 'Read the client secret from this variable at every use' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l client-secret-file -d 'Read the client secret from this file at every use' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l client-secret-command -d 'Read the client secret from this command\'s output at every use; no shell' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l token-endpoint-auth-method -d 'How the client authenticates at the token endpoint' -r -f -a "none\t'Public client: `client_id` in the body'
client_secret_basic\t'HTTP Basic with form-encoded id and secret (RFC 6749 §2.3.1)'
client_secret_post\t'Secret in the body'"
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l redirect-port -d 'Port of the loopback redirect URI, where the server wants a fixed one' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l redirect-path -d 'Path of the loopback redirect URI' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l from-authlib -d 'A call of Authlib\'s register(), as Python or JSON; `-` is stdin' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l from-google -d 'The JSON file that Google Cloud offers for download; `-` is stdin' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l client-secret-stdin -d 'Read the client secret from stdin, or ask for it, and keep it in the token store'
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l no-discover -d 'Do not ask the issuer what it offers'
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l force -d 'Replace a service of that name'
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand add" -s h -l help -d 'Print help'
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -l format -d 'How results look' -r -f -a "text\t'For people'
json\t'For machines'"
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -l names -d 'Names only, those of providers included'
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand show" -l format -d 'How results look' -r -f -a "text\t'For people'
json\t'For machines'"
complete -c hallpass -n "__fish_hallpass_using_subcommand show" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand show" -l origin -d 'Where each value comes from'
complete -c hallpass -n "__fish_hallpass_using_subcommand show" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand show" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l unset -d 'Take a key out of config.toml, so that the preset\'s value counts again' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l provider -d 'Preset to start from (`hallpass providers`)' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l var -d 'A value of the preset\'s variables: tenant, host, realm' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l issuer -d 'Issuer identifier; endpoints are discovered from it' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l authorization-endpoint -d 'Where the browser is sent to' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l token-endpoint -d 'Where tokens come from' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l device-authorization-endpoint -d 'Where a sign-in on another device begins' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l revocation-endpoint -d 'Where tokens are revoked' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l userinfo-endpoint -d 'Where UserInfo is' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l scope -d 'Scope to ask for, words with spaces' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l api-base-url -d 'What relative URLs of `call` are appended to' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l audience -d 'A further origin that may see the token' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l set -d 'Any other key of a service, as in config.toml' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l client-id -d 'Client ID' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l client-secret -d '`-` is what --client-secret-stdin is; nothing else is taken' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l client-secret-env -d 'Read the client secret from this variable at every use' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l client-secret-file -d 'Read the client secret from this file at every use' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l client-secret-command -d 'Read the client secret from this command\'s output at every use; no shell' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l token-endpoint-auth-method -d 'How the client authenticates at the token endpoint' -r -f -a "none\t'Public client: `client_id` in the body'
client_secret_basic\t'HTTP Basic with form-encoded id and secret (RFC 6749 §2.3.1)'
client_secret_post\t'Secret in the body'"
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l redirect-port -d 'Port of the loopback redirect URI, where the server wants a fixed one' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l redirect-path -d 'Path of the loopback redirect URI' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l client-secret-stdin -d 'Read the client secret from stdin, or ask for it, and keep it in the token store'
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand edit" -s h -l help -d 'Print help'
complete -c hallpass -n "__fish_hallpass_using_subcommand remove" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand remove" -l sign-out -d 'Sign out of its sessions without asking'
complete -c hallpass -n "__fish_hallpass_using_subcommand remove" -l keep-sessions -d 'Leave its sessions in the store'
complete -c hallpass -n "__fish_hallpass_using_subcommand remove" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand remove" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand remove" -s h -l help -d 'Print help'
complete -c hallpass -n "__fish_hallpass_using_subcommand demo" -l port -d 'With --serve: port to listen on, by default any free one' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand demo" -l lifetime -d 'With --serve: seconds an access token lives' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand demo" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand demo" -l no-browser -d 'Walk through the consent page without a browser'
complete -c hallpass -n "__fish_hallpass_using_subcommand demo" -l serve -d 'Serve the provider and API until interrupted; prints a [service.demo] table for config.toml'
complete -c hallpass -n "__fish_hallpass_using_subcommand demo" -l grant -d 'With --serve: grant every valid request without showing the consent page'
complete -c hallpass -n "__fish_hallpass_using_subcommand demo" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand demo" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -l format -d 'How results look' -r -f -a "text\t'For people'
json\t'For machines'"
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and not __fish_seen_subcommand_from show use move" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and not __fish_seen_subcommand_from show use move" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and not __fish_seen_subcommand_from show use move" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and not __fish_seen_subcommand_from show use move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and not __fish_seen_subcommand_from show use move" -f -a "show" -d 'Show which store is in use'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and not __fish_seen_subcommand_from show use move" -f -a "use" -d 'Use a store from now on; sessions stay where they are'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and not __fish_seen_subcommand_from show use move" -f -a "move" -d 'Use a store from now on, and carry every session over'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from show" -l format -d 'How results look' -r -f -a "text\t'For people'
json\t'For machines'"
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from show" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from use" -l path -d 'Folder of the encrypted files' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from use" -l key-file -d 'Key file in place of a passphrase; made where there is none' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from use" -l remember -d 'How long the unlocked key may rest in the Linux kernel keyring: 15m, 8h' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from use" -l protocol -d 'How the command is spoken to: hallpass, docker-credential, pass' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from use" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from use" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from use" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from use" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from move" -l path -d 'Folder of the encrypted files' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from move" -l key-file -d 'Key file in place of a passphrase; made where there is none' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from move" -l remember -d 'How long the unlocked key may rest in the Linux kernel keyring: 15m, 8h' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from move" -l protocol -d 'How the command is spoken to: hallpass, docker-credential, pass' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from move" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from move" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from move" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand store; and __fish_seen_subcommand_from move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand completions" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand completions" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand completions" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand completions" -s h -l help -d 'Print help'
complete -c hallpass -n "__fish_hallpass_using_subcommand man" -l error-format -d 'How errors look on stderr' -r -f -a "text\t'Two lines: what failed, and `hint:`'
json\t'One JSON object'"
complete -c hallpass -n "__fish_hallpass_using_subcommand man" -s v -l verbose -d 'Show requests and responses on stderr, secrets redacted'
complete -c hallpass -n "__fish_hallpass_using_subcommand man" -l no-input -d 'Never ask anything; what would be asked becomes an error'
complete -c hallpass -n "__fish_hallpass_using_subcommand man" -s h -l help -d 'Print help'
complete -c hallpass -n "__fish_seen_subcommand_from login logout status token call batch exec userinfo inspect show edit remove doctor" -f -a "(hallpass list --names 2>/dev/null)"
