// Loaded into each service before its own code: where the sandbox is killed and can stop nobody, its services must not
// go on holding their ports.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel alone must not keep a service alive that has finished.
process.channel?.unref();
