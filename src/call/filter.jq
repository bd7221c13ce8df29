# What jq has and jaq's libraries have not, by jq's manual.

def row_cell($kind):
  if . == null then ""
  elif type == "array" or type == "object" then error("\(tojson) cannot be in a row of \($kind)")
  else tostring end;
def row(f; $kind):
  if type == "array" then [.[] | if type == "string" then f else row_cell($kind) end]
  else error("\(tojson) cannot be a row of \($kind): it is no array") end;
def @csv: row("\"" + (split("\"") | join("\"\"")) + "\""; "csv") | join(",");
def @tsv:
  row(split("\\") | join("\\\\") | split("\t") | join("\\t") | split("\n") | join("\\n")
      | split("\r") | join("\\r"); "tsv") | join("\t");

def IN(values): any(values == .; .);
def IN(source; values): any(source == values; .);
def INDEX(source; key): reduce source as $one ({}; .[$one | key | tostring] = $one);
def INDEX(key): INDEX(.[]; key);
def toarray: if type == "array" then . else [.] end;
def trimstr($edge): ltrimstr($edge) | rtrimstr($edge);
def leaf_paths: paths(scalars);
