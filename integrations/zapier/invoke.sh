#!/usr/bin/env bash
# Runs the app in Zapier's own command line, against a server that runs: npm run invoke -- BASE KEY
# It needs no account at Zapier. A runner of its own is put beside the dependencies, not among them: it is large.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if (($# != 2)); then
  echo 'usage: npm run invoke -- http://127.0.0.1:8080 lk_full_KEY' >&2
  exit 2
fi
export DISABLE_ZAPIER_ANALYTICS=1 NODE_ENV=test
export authData_server=$1 authData_key=$2

runner=build/runner
[[ -x $runner/node_modules/.bin/zapier ]] ||
  npm install --prefix "$runner" --no-save --no-audit --no-fund zapier-platform-cli@17.9.1
invoke() {
  echo "==> invoke $*"
  "$runner/node_modules/.bin/zapier" invoke "$@" --non-interactive
}

npm run --silent build
email="invoke.$$@example.com"
invoke auth test
invoke auth label
invoke trigger lead_created
invoke trigger lead_updated
invoke trigger lead_status_changed
invoke trigger lead_group_list
invoke trigger user_list
invoke create create_lead --inputData "{\"email\": \"$email\"}"
invoke search find_lead --inputData "{\"email\": \"$email\"}"
