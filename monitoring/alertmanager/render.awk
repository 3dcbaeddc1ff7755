# Puts settings into config.yml.tmpl, whose head tells its words. The settings come by the environment, as RENDER_<NAME>
# or RENDER_<NAME>_<ENVIRONMENT>; environments are told by -v environments="production staging". Values are put in once:
# what is in a value is never looked at again. A quoted scalar is plain ASCII, so no value can end it.

BEGIN {
  for (code = 1; code < 256; code++) byte[sprintf("%c", code)] = code
  count = split(environments, names, " ")
}

/^#(each|others)$/ { kind = substr($0, 2); depth = 1; held = 0; next }
kind != "" {
  if ($0 ~ /^#if /) depth++
  if ($0 == "#end" && --depth == 0) { unroll(); kind = ""; next }
  lines[held++] = $0
  next
}
{ show($0, names[1]) }

function unroll(   nth, line) {
  for (nth = kind == "others" ? 2 : 1; nth <= count; nth++) {
    for (line = 0; line < held; line++) show(lines[line], names[nth])
  }
}

# What depends on a setting that is not given is hidden up to its #end.
function show(line, environment) {
  if (line ~ /^#if /) {
    level++
    if (!hidden && setting(substr(line, 5), environment) == "") hidden = level
  } else if (line == "#end") {
    if (hidden == level) hidden = 0
    level--
  } else if (!hidden) print filled(line, environment)
}

function filled(line, environment,   out, name) {
  out = ""
  while (match(line, /@[A-Z][A-Z_]*@/)) {
    name = substr(line, RSTART + 1, RLENGTH - 2)
    out = out substr(line, 1, RSTART - 1)
    line = substr(line, RSTART + RLENGTH)
    if (name == "ENVIRONMENT") out = out environment
    else if (name == "FIRST") out = out names[1]
    else if (name == "SMTP_REQUIRE_TLS" || name ~ /_(WAIT|INTERVAL)$/) out = out setting(name, environment)
    else out = out quoted(setting(name, environment), name)
  }
  return out line
}

function setting(name, environment,   suffixed) {
  suffixed = toupper(environment)
  gsub(/-/, "_", suffixed)
  suffixed = "RENDER_" name "_" suffixed
  return suffixed in ENVIRON ? ENVIRON[suffixed] : ENVIRON["RENDER_" name]
}

# UTF-8 as a double-quoted scalar of ASCII characters.
function quoted(text, name,   out, at, code, more, size) {
  out = ""
  size = length(text)
  for (at = 1; at <= size; at++) {
    code = byte[substr(text, at, 1)]
    if (code < 128) {
      if (code < 32 || code == 127) out = out sprintf("\\x%02X", code)
      else out = out (code == 34 || code == 92 ? "\\" : "") substr(text, at, 1)
      continue
    }
    more = code >= 240 ? 3 : code >= 224 ? 2 : 1
    if (code < 194 || code > 244) refuse(name)
    for (code -= more == 3 ? 240 : more == 2 ? 224 : 192; more > 0; more--) {
      if (byte[substr(text, ++at, 1)] < 128 || byte[substr(text, at, 1)] > 191) refuse(name)
      code = code * 64 + byte[substr(text, at, 1)] - 128
    }
    out = out sprintf("\\U%08X", code)
  }
  return "\"" out "\""
}

function refuse(name) {
  print name " is not UTF-8" >"/dev/stderr"
  exit 1
}
