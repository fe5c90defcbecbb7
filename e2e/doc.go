// Package e2e runs tlswhy against real servers: nginx, Apache httpd, HAProxy, lighttpd, stunnel, hitch, Caddy,
// OpenSSL, GnuTLS, JSSE, Node.js old and new, Python, Postfix, Dovecot, PostgreSQL, MariaDB, OpenLDAP, OpenSSH and Redis,
// each started with one deliberate fault (or none) on a loopback port.
//
// Everything is in test files. The parts, in reading order:
//
//   - rows_*_test.go: the tables. A row names the server software, describes the endpoint in a [spec], says what foreign
//     clients see of it and what tlswhy has to find.
//   - servers_*_test.go: a function for each server software turns a spec into its configuration and starts it.
//   - pki_*_test.go: the certificates, made anew in every run, each with one property or defect.
//   - behave_test.go: TestServersBehave asks curl, openssl and others whether the servers really have the fault.
//     It does not need tlswhy: if it fails, the row is wrong and not the program.
//   - causes_test.go: TestCauses runs tlswhy on every row; clients_test.go holds its verdicts against the real client.
//   - survey_*_test.go: TestSurveyAgreesWithOpenSSL asks 27 servers for each thing one by one with openssl s_client and
//     gnutls-cli and holds tlswhy survey against all answers.
//   - fixes_test.go: TestFixes applies the catalogue's fixes to broken servers and runs tlswhy retest; fixes_client_test.go
//     and fixes_stack_test.go: clients that fail do what the catalogue tells them, and get through.
//
// scripts/install-servers.sh installs what is needed. A missing tool skips its rows, visibly, and fails them where CI=true.
// Most rows need no privileges; those with iptables rules, mail and database daemons need root.
package e2e
