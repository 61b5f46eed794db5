"""What tests need besides pytest: throwaway distributions, a loopback index, environments."""
