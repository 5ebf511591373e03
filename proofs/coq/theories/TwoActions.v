(** Theorem 2: the best prescription mixes at most two leader actions after each follower action
    (proofs/two-actions.md), and where it mixes, the mixture in closed form. *)
From Coq Require Import Reals List Lra Lia PeanoNat Bool Psatz.
From ExactQSE Require Import Sums.
Import ListNotations.
Open Scope R_scope.

Section TwoActions.
Variables (n : nat) (x y : nat -> R) (eta lam : R).
Let A := seq 0 n.

(** What a follower action contributes, at a mixture. *)
Definition contribution (alpha : nat -> R) : R := exp (eta * mean alpha x A) * (mean alpha y A - lam).

Definition positive (t : R) : bool := if Rlt_dec 0 t then true else false.
Definition support (alpha : nat -> R) : list nat := filter (fun a => positive (alpha a)) A.

Lemma in_support alpha a : In a (support alpha) <-> (a < n)%nat /\ 0 < alpha a.
Proof.
  unfold support, positive, A. rewrite filter_In, in_seq. destruct (Rlt_dec 0 (alpha a)); split; intros [H1 H2];
    split; try lia; try lra; auto; discriminate.
Qed.

(** A direction on three actions. *)
Definition move (i j k : nat) (di dj dk : R) (a : nat) : R :=
  (if (a =? i)%nat then di else 0) + (if (a =? j)%nat then dj else 0) + (if (a =? k)%nat then dk else 0).

Lemma sum_move i j k di dj dk f : (i < n)%nat -> (j < n)%nat -> (k < n)%nat ->
  rsum (fun a => move i j k di dj dk a * f a) A = di * f i + dj * f j + dk * f k.
Proof.
  intros Hi Hj Hk. unfold move.
  rewrite (rsum_ext _ (fun a => (if (a =? i)%nat then di * f i else 0) + (if (a =? j)%nat then dj * f j else 0)
    + (if (a =? k)%nat then dk * f k else 0))).
  - rewrite !rsum_plus, !rsum_single; [reflexivity|..]; try apply seq_NoDup; apply in_seq; lia.
  - intros a _. destruct (Nat.eqb_spec a i), (Nat.eqb_spec a j), (Nat.eqb_spec a k); subst; ring.
Qed.

Lemma least_of_three d1 d2 d3 r1 r2 r3 : (d1 < 0 \/ d2 < 0 \/ d3 < 0) ->
  (d1 < 0 -> 0 <= r1) -> (d2 < 0 -> 0 <= r2) -> (d3 < 0 -> 0 <= r3) ->
  exists t, 0 <= t /\ (d1 < 0 -> t <= r1) /\ (d2 < 0 -> t <= r2) /\ (d3 < 0 -> t <= r3) /\
    ((d1 < 0 /\ t = r1) \/ (d2 < 0 /\ t = r2) \/ (d3 < 0 /\ t = r3)).
Proof.
  intros N P1 P2 P3.
  destruct (Rlt_or_le d1 0) as [N1|N1]; [specialize (P1 N1)|clear P1];
    (destruct (Rlt_or_le d2 0) as [N2|N2]; [specialize (P2 N2)|clear P2]);
    (destruct (Rlt_or_le d3 0) as [N3|N3]; [specialize (P3 N3)|clear P3]);
    destruct (Rle_or_lt r1 r2), (Rle_or_lt r2 r3), (Rle_or_lt r1 r3); try lra;
    first [exists r1; repeat split; intros; lra|exists r2; repeat split; intros; lra
          |exists r3; repeat split; intros; lra].
Qed.

(** How far one can go: to where the first of three weights vanishes. *)
Lemma first_to_vanish (w1 w2 w3 d1 d2 d3 : R) : 0 < w1 -> 0 < w2 -> 0 < w3 -> d1 + d2 + d3 = 0 ->
  (d1 <> 0 \/ d2 <> 0 \/ d3 <> 0) ->
  exists t, 0 <= t /\ 0 <= w1 + t * d1 /\ 0 <= w2 + t * d2 /\ 0 <= w3 + t * d3 /\
    (w1 + t * d1 = 0 \/ w2 + t * d2 = 0 \/ w3 + t * d3 = 0).
Proof.
  intros H1 H2 H3 Hs Hd.
  assert (neg : forall a b c, a + b + c = 0 -> (a <> 0 \/ b <> 0 \/ c <> 0) -> a < 0 \/ b < 0 \/ c < 0).
  { intros a b c E [H|[H|H]]; destruct (Rtotal_order a 0) as [|[|]], (Rtotal_order b 0) as [|[|]],
      (Rtotal_order c 0) as [|[|]]; auto; lra. }
  assert (good : forall w d t, 0 < w -> 0 <= t -> (d < 0 -> t <= w / - d) -> 0 <= w + t * d).
  { intros w d t Hw Ht H. destruct (Rlt_or_le d 0) as [N|N]; [|nra]. specialize (H N).
    assert (t * - d <= w / - d * - d) by (apply Rmult_le_compat_r; lra).
    replace (w / - d * - d) with w in H0 by (field; lra). lra. }
  assert (zero : forall w d, d < 0 -> w + w / - d * d = 0) by (intros; field; lra).
  assert (pos : forall w d, 0 < w -> d < 0 -> 0 <= w / - d) by (intros; apply Rlt_le, Rdiv_lt_0_compat; lra).
  destruct (least_of_three d1 d2 d3 (w1 / - d1) (w2 / - d2) (w3 / - d3)) as (t & Ht & C1 & C2 & C3 & Z); auto.
  exists t. repeat split; auto.
  destruct Z as [[N ->]|[[N ->]|[N ->]]]; auto.
Qed.

(** One action fewer, and no less. *)
Lemma fewer alpha i j k : simplex alpha A -> i <> j -> j <> k -> i <> k ->
  In i (support alpha) -> In j (support alpha) -> In k (support alpha) ->
  exists beta, simplex beta A /\ contribution alpha <= contribution beta /\
    (length (support beta) < length (support alpha))%nat.
Proof.
  intros [H0 H1] Hij Hjk Hik Ii Ij Ik. apply in_support in Ii as [Hi Pi], Ij as [Hj Pj], Ik as [Hk Pk].
  (* a direction that keeps the mean of x and does not lower that of y *)
  assert (D : exists di dj dk, di + dj + dk = 0 /\ di * x i + dj * x j + dk * x k = 0 /\
    0 <= di * y i + dj * y j + dk * y k /\ (di <> 0 \/ dj <> 0 \/ dk <> 0)).
  { assert (D0 : exists di dj dk, di + dj + dk = 0 /\ di * x i + dj * x j + dk * x k = 0 /\
      (di <> 0 \/ dj <> 0 \/ dk <> 0)).
    { destruct (Req_dec (x i) (x j)) as [E|E].
      - exists 1, (-1), 0. repeat split; [ring|rewrite E; ring|left; lra].
      - exists (x j - x k), (x k - x i), (x i - x j). repeat split; [ring|ring|right; right; lra]. }
    destruct D0 as (a & b & c & S0 & S1 & Hd). destruct (Rle_or_lt 0 (a * y i + b * y j + c * y k)) as [L|L].
    - exists a, b, c. auto.
    - exists (- a), (- b), (- c). repeat split; [lra|lra|lra|]. destruct Hd as [Hd|[Hd|Hd]]; [left|right; left|right; right]; lra. }
  destruct D as (di & dj & dk & S0 & Sx & Sy & Hd).
  destruct (first_to_vanish (alpha i) (alpha j) (alpha k) di dj dk Pi Pj Pk S0 Hd) as (t & Ht & Ti & Tj & Tk & Tz).
  set (m := move i j k di dj dk). set (beta := fun a => alpha a + t * m a).
  assert (mean_beta : forall f, mean beta f A = mean alpha f A + t * (di * f i + dj * f j + dk * f k)).
  { intros f. unfold mean, beta. rewrite <- (sum_move i j k di dj dk f Hi Hj Hk), <- rsum_scale, <- rsum_plus.
    apply rsum_ext. intros a _. unfold m. ring. }
  assert (at_i : beta i = alpha i + t * di).
  { unfold beta, m, move. rewrite Nat.eqb_refl. destruct (Nat.eqb_spec i j), (Nat.eqb_spec i k); try lia. ring. }
  assert (at_j : beta j = alpha j + t * dj).
  { unfold beta, m, move. rewrite Nat.eqb_refl. destruct (Nat.eqb_spec j i), (Nat.eqb_spec j k); try lia. ring. }
  assert (at_k : beta k = alpha k + t * dk).
  { unfold beta, m, move. rewrite Nat.eqb_refl. destruct (Nat.eqb_spec k i), (Nat.eqb_spec k j); try lia. ring. }
  assert (elsewhere : forall a, a <> i -> a <> j -> a <> k -> beta a = alpha a).
  { intros a Ai Aj Ak. unfold beta, m, move.
    destruct (Nat.eqb_spec a i), (Nat.eqb_spec a j), (Nat.eqb_spec a k); try lia. ring. }
  assert (sub : forall a, In a (support beta) -> In a (support alpha)).
  { intros a Ha. apply in_support in Ha as [Ha Pa]. apply in_support. split; [assumption|].
    destruct (Nat.eq_dec a i) as [->|Ai]; [assumption|]. destruct (Nat.eq_dec a j) as [->|Aj]; [assumption|].
    destruct (Nat.eq_dec a k) as [->|Ak]; [assumption|]. now rewrite <- elsewhere. }
  exists beta. split; [split|split].
  - intros a Ha. destruct (Nat.eq_dec a i) as [->|Ai]; [lra|]. destruct (Nat.eq_dec a j) as [->|Aj]; [lra|].
    destruct (Nat.eq_dec a k) as [->|Ak]; [lra|]. rewrite elsewhere by assumption. now apply H0.
  - pose proof (mean_beta (fun _ => 1)) as E. unfold mean in E.
    rewrite (rsum_ext (fun a => beta a * 1) beta), (rsum_ext (fun a => alpha a * 1) alpha) in E by (intros; ring).
    rewrite E, H1. nra.
  - unfold contribution. rewrite !mean_beta, Sx, Rmult_0_r, Rplus_0_r.
    apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|]. nra.
  - assert (gone : exists a, In a (support alpha) /\ ~ In a (support beta)).
    { destruct Tz as [Z|[Z|Z]]; [exists i|exists j|exists k]; (split; [apply in_support; now split|]);
        rewrite in_support; lra. }
    destruct gone as (a & Ia & Na).
    assert (L : (length (a :: support beta) <= length (support alpha))%nat); [|simpl in L; lia].
    apply NoDup_incl_length.
    + constructor; [assumption|]. apply NoDup_filter, seq_NoDup.
    + intros b [<-|Hb]; auto.
Qed.

Theorem two_actions_suffice alpha : simplex alpha A ->
  exists beta, simplex beta A /\ contribution alpha <= contribution beta /\ (length (support beta) <= 2)%nat.
Proof.
  remember (length (support alpha)) as size eqn:E. revert alpha E.
  induction size as [size IH] using lt_wf_ind. intros alpha -> Ha.
  destruct (le_lt_dec (length (support alpha)) 2) as [L|L]; [exists alpha; repeat split; auto using Rle_refl; apply Ha|].
  assert (N : NoDup (support alpha)) by apply NoDup_filter, seq_NoDup.
  destruct (support alpha) as [|i [|j [|k rest]]] eqn:Es; simpl in L; try lia.
  inversion_clear N as [|? ? Ni N']. inversion_clear N' as [|? ? Nj _]. simpl in Ni, Nj.
  destruct (fewer alpha i j k Ha) as (beta & Hb & Hc & Hl); try (rewrite Es; simpl; tauto); try (intros ->; tauto).
  rewrite Es in Hl.
  destruct (IH (length (support beta)) Hl beta eq_refl Hb) as (g & Hg & Hg2 & Hg3).
  exists g. repeat split; try apply Hg; [lra|assumption].
Qed.
End TwoActions.

(** Inside an edge, in closed form: where value rises as exponent falls, the best point of the line has
    [w - lam = - dw / dq]; nothing on the line is worth more. *)
Theorem edge_maximiser q w dq dw lam t : dq <> 0 -> 0 < w - lam -> w - lam = - (dw / dq) ->
  exp (q + t * dq) * (w + t * dw - lam) <= exp q * (w - lam).
Proof.
  intros Hd Hw E. assert (Edw : dw = - ((w - lam) * dq)) by (rewrite E; field; assumption).
  replace (w + t * dw - lam) with ((w - lam) * (1 - t * dq)) by (rewrite Edw; ring).
  rewrite exp_plus. pose proof (exp_ineq1_le (- (t * dq))) as I. pose proof (exp_pos q). pose proof (exp_pos (t * dq)) as P.
  assert (B : exp (t * dq) * (1 - t * dq) <= 1).
  { apply Rle_trans with (exp (t * dq) * exp (- (t * dq))); [apply Rmult_le_compat_l; lra|].
    rewrite <- exp_plus, Rplus_opp_r, exp_0. lra. }
  replace (exp q * exp (t * dq) * ((w - lam) * (1 - t * dq))) with (exp q * (w - lam) * (exp (t * dq) * (1 - t * dq))) by ring.
  rewrite <- (Rmult_1_r (exp q * (w - lam))) at 2. apply Rmult_le_compat_l; [|exact B].
  apply Rmult_le_pos; lra.
Qed.

(** Where no action is worth more than [lam], a mixture is worth no more than its best pure action. *)
Theorem pure_suffices (l : list nat) alpha x y lam best : simplex alpha l -> (forall a, In a l -> y a <= lam) ->
  (forall a, In a l -> exp (x a) * (y a - lam) <= best) -> best <= 0 ->
  exp (mean alpha x l) * (mean alpha y l - lam) <= best.
Proof.
  intros Ha Hy Hb Hn.
  assert (E : - best * exp (- mean alpha x l) <= lam - mean alpha y l).
  { apply Rle_trans with (- best * mean alpha (fun a => exp (- x a)) l).
    - apply Rmult_le_compat_l; [lra|].
      replace (- mean alpha x l) with (mean alpha (fun a => - x a) l); [now apply exp_jensen|].
      rewrite (mean_ext alpha _ (fun a => (-1) * x a)) by (intros; ring). rewrite mean_scale. ring.
    - rewrite <- mean_scale. replace (lam - mean alpha y l) with (mean alpha (fun a => lam - y a) l)
        by (rewrite mean_minus, mean_const; [reflexivity|apply Ha]).
      apply mean_le; [apply Ha|]. intros a Hin. specialize (Hb a Hin).
      apply Rle_trans with (exp (x a) * (lam - y a) * exp (- x a)).
      + apply Rmult_le_compat_r; [apply Rlt_le, exp_pos|lra].
      + right. replace (exp (x a) * (lam - y a) * exp (- x a)) with (exp (x a) * exp (- x a) * (lam - y a)) by ring.
        rewrite <- exp_plus, Rplus_opp_r, exp_0. ring. }
  pose proof (exp_pos (mean alpha x l)) as P.
  apply Rmult_le_compat_l with (r := exp (mean alpha x l)) in E; [|lra].
  replace (exp (mean alpha x l) * (- best * exp (- mean alpha x l))) with
    (- best * (exp (mean alpha x l) * exp (- mean alpha x l))) in E by ring.
  rewrite <- exp_plus, Rplus_opp_r, exp_0 in E. lra.
Qed.
