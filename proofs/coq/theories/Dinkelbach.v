(** Theorem 1: the best quotient is the root of the parametric problem (proofs/dinkelbach.md).

    [N x / D x] over the [x] with [P x], where [D] is positive: for a stage, [x] is a prescription,
    [N] the sum of [exp (q_b) w_b] and [D] that of [exp (q_b)]. *)
From Coq Require Import Reals List Lra.
From ExactQSE Require Import Sums.
Open Scope R_scope.

Section Dinkelbach.
Context {X : Type} (N D : X -> R) (P : X -> Prop).
Hypothesis Dpos : forall x, P x -> 0 < D x.

Lemma ratio_le_iff lam x : P x -> (N x / D x <= lam <-> N x - lam * D x <= 0).
Proof.
  intros Hx. specialize (Dpos x Hx). split; intros H.
  - apply Rmult_le_compat_r with (r := D x) in H; [|lra].
    replace (N x / D x * D x) with (N x) in H by (field; lra). lra.
  - apply Rmult_le_reg_r with (D x); [assumption|].
    replace (N x / D x * D x) with (N x) by (field; lra). lra.
Qed.

(** The parametric test decides an upper bound of all quotients. *)
Theorem dinkelbach {lam} :
  (forall x, P x -> N x - lam * D x <= 0) <-> (forall x, P x -> N x / D x <= lam).
Proof. split; intros H x Hx; apply ratio_le_iff; auto. Qed.

(** lam is the maximal ratio, attained at x0, iff x0 zeroes the parametric problem. *)
Theorem dinkelbach_attained lam x0 : P x0 ->
  ((forall x, P x -> N x / D x <= lam) /\ N x0 / D x0 = lam) <->
  ((forall x, P x -> N x - lam * D x <= 0) /\ N x0 - lam * D x0 = 0).
Proof.
  intros H0. rewrite (@dinkelbach lam). pose proof (Dpos x0 H0) as Hd.
  split; intros [H E]; split; auto.
  - rewrite <- E. field; lra.
  - apply Rminus_diag_uniq in E. rewrite E. field; lra.
Qed.

(** Robust version: a parametric value at most eps bounds the ratio by lam + eps / dmin. *)
Theorem dinkelbach_eps lam eps dmin : 0 < dmin -> 0 <= eps ->
  (forall x, P x -> dmin <= D x) ->
  (forall x, P x -> N x - lam * D x <= eps) ->
  (forall x, P x -> N x / D x <= lam + eps / dmin).
Proof.
  intros Hm He Hd H x Hx. apply ratio_le_iff; [assumption|].
  specialize (H x Hx). specialize (Hd x Hx).
  assert (E : eps <= eps / dmin * D x).
  { replace eps with (eps / dmin * dmin) at 1 by (field; lra).
    apply Rmult_le_compat_l; [|assumption].
    apply Rmult_le_pos; [assumption|]. apply Rlt_le, Rinv_0_lt_compat, Hm. }
  lra.
Qed.

(** A Newton step from a lower value increases: if x1 beats lam parametrically
    then its ratio beats lam, by at least the gap divided by D x1. *)
Theorem dinkelbach_step lam x1 : P x1 -> 0 <= N x1 - lam * D x1 ->
  lam + (N x1 - lam * D x1) / D x1 = N x1 / D x1 /\ lam <= N x1 / D x1.
Proof.
  intros H1 H. specialize (Dpos x1 H1).
  assert (E : lam + (N x1 - lam * D x1) / D x1 = N x1 / D x1) by (field; lra).
  split; [exact E|]. rewrite <- E.
  assert (0 <= (N x1 - lam * D x1) / D x1).
  { apply Rmult_le_pos; [assumption|]. apply Rlt_le, Rinv_0_lt_compat; lra. }
  lra.
Qed.

(** Superlinear convergence of the Newton (Dinkelbach) step: if lam' is the ratio of a
    maximiser x1 of the parametric problem at lam <= lstar, the error shrinks by the
    factor 1 - D xs / D x1, where xs is an optimal point. *)
Theorem dinkelbach_rate lam lstar x1 xs :
  P x1 -> P xs -> N xs / D xs = lstar -> lam <= lstar ->
  (N xs - lam * D xs <= N x1 - lam * D x1) ->
  lstar - N x1 / D x1 <= (1 - D xs / D x1) * (lstar - lam).
Proof.
  intros H1 Hs Es Hl Hmax. pose proof (Dpos x1 H1). pose proof (Dpos xs Hs).
  assert (EN : N xs = lstar * D xs) by (rewrite <- Es; field; lra).
  rewrite EN in Hmax.
  replace (N x1 / D x1) with (lam + (N x1 - lam * D x1) / D x1) by (field; lra).
  assert ((lstar - lam) * (D xs / D x1) <= (N x1 - lam * D x1) / D x1).
  { replace ((lstar - lam) * (D xs / D x1)) with ((lstar * D xs - lam * D xs) / D x1)
      by (field; lra).
    apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; lra|lra]. }
  lra.
Qed.

(** ** The parametric value [F lam], the largest [N x - lam D x] *)
Section Value.
Variable F : R -> R.
Hypothesis F_attained : forall lam, exists x, P x /\ F lam = N x - lam * D x.
Hypothesis F_largest : forall lam x, P x -> N x - lam * D x <= F lam.

Theorem F_decreasing lam mu : lam < mu -> F mu < F lam.
Proof.
  intros H. destruct (F_attained mu) as (x & Hx & ->). specialize (F_largest lam x Hx).
  specialize (Dpos x Hx). nra.
Qed.

Theorem F_convex lam mu t : 0 <= t <= 1 -> F (t * lam + (1 - t) * mu) <= t * F lam + (1 - t) * F mu.
Proof.
  intros Ht. destruct (F_attained (t * lam + (1 - t) * mu)) as (x & Hx & ->).
  pose proof (F_largest lam x Hx). pose proof (F_largest mu x Hx). nra.
Qed.

(** Continuous, indeed Lipschitz, where [D] is bounded. *)
Theorem F_lipschitz dmax lam mu : (forall x, P x -> D x <= dmax) -> lam <= mu ->
  F lam - F mu <= dmax * (mu - lam).
Proof.
  intros Hd H. destruct (F_attained lam) as (x & Hx & ->). specialize (F_largest mu x Hx).
  specialize (Hd x Hx). nra.
Qed.

(** The root of [F] is the largest quotient, and conversely. *)
Theorem F_root lam : F lam = 0 <->
  (forall x, P x -> N x / D x <= lam) /\ exists x, P x /\ N x / D x = lam.
Proof.
  split.
  - intros H. split.
    + apply dinkelbach. intros x Hx. rewrite <- H. auto.
    + destruct (F_attained lam) as (x & Hx & E). exists x. split; [assumption|].
      rewrite H in E. specialize (Dpos x Hx). apply Rmult_eq_reg_r with (D x); [|lra].
      unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
  - intros [H (x & Hx & E)]. apply Rle_antisym.
    + destruct (F_attained lam) as (y & Hy & ->). apply (proj2 dinkelbach H y Hy).
    + eapply Rle_trans; [|apply (F_largest lam x Hx)]. rewrite <- E. specialize (Dpos x Hx).
      right. field. lra.
Qed.
End Value.
End Dinkelbach.

(** With prescriptions the problem falls apart by follower action: the best of a sum of functions of
    separate variables is the sum of the best. *)
Theorem separable {B Y} (l : list B) (g : B -> Y -> R) (best : B -> Y) (Q : Y -> Prop) :
  (forall b, Q (best b)) -> (forall b y, Q y -> g b y <= g b (best b)) ->
  forall choice : B -> Y, (forall b, Q (choice b)) ->
  rsum (fun b => g b (choice b)) l <= rsum (fun b => g b (best b)) l.
Proof. intros _ H choice Hc. apply rsum_le. intros b _. now apply H. Qed.

