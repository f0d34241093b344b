# A unit in the suite's form that goes wrong as told, for the tests of the runner.

set wrong $::env(WRONG)

start_server {tags {"selftest"}} {
    test {the first} {
        r set key 1
    } {OK}

    test {the second} {
        if {$wrong eq {failure}} {r set key 2 NOSUCH} else {r incr key}
    } {2}

    if {$wrong eq {abort}} {r nosuchcommand}
    if {$wrong eq {exit}} {exit 1}

    foreach number {1 2} {
        if {$wrong eq {once} && $number == 2} continue
        test {the third, twice} {
            r incr key
        } {*}
    }

    test {the last} {
        r del key
    } {1}

    if {$wrong eq {more}} {test {an extra one} {r ping} {PONG}}
}
