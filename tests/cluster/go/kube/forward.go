package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
)

// The descriptor that listen leaves open for forward.
const listenerFd = 3

// listen ADDRESS FILE COMMAND...: listens in the present network namespace, writes the
// address to FILE and becomes COMMAND, which has the socket as descriptor 3. A socket stays in the
// namespace that it was made in: so what COMMAND starts in other namespaces can serve this one's
// loopback, and nothing outside outlives it.
func listen(_ context.Context, args []string) error {
	if len(args) < 3 {
		return errors.New("usage: listen ADDRESS FILE COMMAND...")
	}
	listener, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	if fd := int(socket.Fd()); fd != listenerFd {
		if err := syscall.Dup3(fd, listenerFd, 0); err != nil {
			return err
		}
	} else if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, listenerFd, syscall.F_SETFD, 0); errno != 0 {
		return errno
	}
	if err := os.WriteFile(args[1], []byte(listener.Addr().String()+"\n"), 0o600); err != nil {
		return err
	}
	path, err := exec.LookPath(args[2])
	if err != nil {
		return err
	}
	return syscall.Exec(path, args[2:], os.Environ())
}

// forward TARGET: copies between connections to descriptor 3 and TARGET.
func forward(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: forward TARGET")
	}
	listener, err := net.FileListener(os.NewFile(listenerFd, "listener"))
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	for {
		client, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		go join(client.(*net.TCPConn), args[0])
	}
}

func join(client *net.TCPConn, target string) {
	conn, err := net.Dial("tcp", target)
	if err != nil {
		// A reset is the nearest to "connection refused" that an accepted connection can get.
		client.SetLinger(0)
		client.Close()
		return
	}
	server := conn.(*net.TCPConn)
	done := make(chan struct{}, 2)
	for _, way := range [][2]*net.TCPConn{{server, client}, {client, server}} {
		go func() {
			if _, err := io.Copy(way[0], way[1]); err != nil {
				// A connection that broke on one side breaks on the other.
				client.SetLinger(0)
				server.SetLinger(0)
				client.Close()
				server.Close()
			} else {
				way[0].CloseWrite()
			}
			done <- struct{}{}
		}()
	}
	<-done
	<-done
	client.Close()
	server.Close()
}
