"""The command line of Reenact.

Every command is a thin layer over a verb of the kernel: it reads its arguments,
asks the runtime or a desk, and says what came of it, as text or as JSON. Nothing
heavy is imported before a command needs it.
"""
