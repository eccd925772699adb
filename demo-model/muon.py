"""The Muon optimiser (K. Jordan, 2024, https://kellerjordan.github.io/posts/muon/): momentum whose singular values are
set to about one. On runs as short as ours it needs far fewer steps than AdamW; it is for matrices only."""

import torch


def orthogonal(stack):
    """Five Newton-Schulz steps for a stack of matrices [n, rows, columns]."""
    flip = stack.shape[1] > stack.shape[2]
    x = (stack.transpose(1, 2) if flip else stack).to(torch.bfloat16)
    x = x / (x.float().norm(dim=(1, 2), keepdim=True) + 1e-7).to(torch.bfloat16)
    for _ in range(5):
        a = torch.bmm(x, x.transpose(1, 2))
        b = torch.baddbmm(a, a, a, beta=-4.7750, alpha=2.0315)
        x = torch.baddbmm(x, b, x, beta=3.4445)
    return (x.transpose(1, 2) if flip else x).float()


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters, lr, momentum=0.95, weight_decay=0.0):
        super().__init__(list(parameters), {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            by_shape = {}
            for p in group["params"]:
                by_shape.setdefault(tuple(p.shape), []).append(p)
            for shape, same in by_shape.items():
                updates = []
                for p in same:
                    buffer = self.state[p].setdefault("momentum", torch.zeros_like(p))
                    buffer.mul_(group["momentum"]).add_(p.grad)
                    updates.append(p.grad.add(buffer, alpha=group["momentum"]))
                scale = max(1.0, shape[0] / shape[1]) ** 0.5
                for p, u in zip(same, orthogonal(torch.stack(updates))):
                    p.mul_(1 - group["lr"] * group["weight_decay"]).add_(u, alpha=-group["lr"] * scale)
