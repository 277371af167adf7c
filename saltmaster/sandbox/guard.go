package sandbox

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// guardScript waits for the end of its input, which comes when the process that
// started the sandbox is gone, however it went. Then it kills what carries the
// mark $0 and removes the temporary folder $1.
const guardScript = `
read -r _
for round in 1 2 3; do
	for environ in $(grep -lszFx -e "$0" /proc/[0-9]*/environ); do
		pid=${environ#/proc/}
		kill -KILL "${pid%/environ}" 2>/dev/null
	done
done
if [ -n "$1" ]; then rm -rf -- "$1"; fi
`

// guard ends the sandbox's processes when their starter dies without Stop, as a
// test that ran into its time limit does.
type guard struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

func startGuard(mark, removeDir string) (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", guardScript, mark, removeDir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // out of reach of Ctrl-C
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start guard: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start guard: %w", err)
	}
	return &guard{cmd: cmd, stdin: stdin}, nil
}

// release ends the guard without letting it act.
func (g *guard) release() {
	if g == nil || g.cmd.ProcessState != nil {
		return
	}
	_ = g.cmd.Process.Kill()
	_ = g.cmd.Wait()
	_ = g.stdin.Close()
}
